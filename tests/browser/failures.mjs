// Every way in which a login, a signature or the making of a key can fail, in a real Chromium with the real agent and real
// keys: the page (or the agent's window) shows its own code, the cause and the remedy of the one table. TAP.
// usage: node failures.mjs BUILD_DIR
import { execFileSync, spawn } from "node:child_process";
import { connect } from "node:net";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Bureau, cn, freePort, login, openBrowser, screenshotDir, sleep, withAgent } from "./lib.mjs";
import { check, count, finish } from "./tap.mjs";

const NEW_PIN = "x7Kq-2026";
const PASSWORD = "demo-Pass-1", PASSWORD_2 = "demo-Pass-2";
const only = process.argv[3];
const shots = screenshotDir("failures");
let bureau, browser, messages;

// --- helpers ---

const flat = (s) => (s ?? "").replace(/\s+/g, " ").trim();

// A message box of the page: code, and text and remedy as the table has them, or in the words of that page (own).
async function shows(page, where, code, name, more = [], own = null) {
  let text = "";
  try {
    await page.waitForSelector(`${where} [data-code="${code}"]`, { timeout: 12000 });
  } catch { /* told below */ }
  text = flat(await page.textContent(where).catch(() => ""));
  const row = messages[code];
  const wanted = ["怎么办", ...(own ?? (row ? [row.text, row.remedy] : [])), `代码 ${code}`, ...more];
  const missing = wanted.filter((w) => !text.includes(flat(w)));
  if (!check(`${name}: ${code} with cause and remedy`, missing.length === 0, `missing ${missing.join(" | ")}\nshown: ${text}`))
    await page.screenshot({ path: path.join(shots, `${count.checks}.png`), fullPage: true }).catch(() => {});
}

// The same in the agent's own window.
async function windowShows(win, code, name, more = []) {
  try {
    await win.waitForFunction((c) => document.getElementById("error").textContent.includes(c), code, { timeout: 12000 });
  } catch { /* told below */ }
  const text = flat(await win.textContent("#error").catch((e) => `window: ${e.message}`));
  const row = messages[code];
  const missing = [row.text, row.remedy, code, ...more].filter((w) => !text.includes(flat(w)));
  check(`${name}: the agent's window shows ${code} with cause and remedy`, missing.length === 0, `missing ${missing.join(" | ")}\nshown: ${text}`);
}

// The window may close itself while the click still waits for its end.
const press = (win) => win.click("#ok").catch((e) => { if (!win.isClosed()) throw e; });

async function fresh(options = {}) {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 }, ...options });
  return context.newPage();
}

async function loginPage(options) {
  const page = await fresh(options);
  await page.goto(`${bureau.origin}/login`);
  return page;
}

async function ready(page) { await page.waitForSelector("#live .yx-good", { timeout: 12000 }); }

async function signedIn(name, address) {
  bureau.only(name);
  const page = await fresh();
  const [cookie, value] = bureau.yxkeyLogin(name);
  await page.context().addCookies([{ name: cookie, value, url: bureau.origin }]);
  if (address) await page.goto(bureau.origin + address);
  return page;
}

// Fetch from within a page, so with its origin and cookies.
const posted = (page, address, body) => page.evaluate(async ([a, b]) => {
  const r = await fetch(a, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(b) });
  return { status: r.status, body: await r.json().catch(() => null) };
}, [address, body]);

function tool(...args) {
  return JSON.parse(execFileSync(path.join(bureau.build, "tests/fault/status_tool"), [bureau.data, ...args], { encoding: "utf8" }));
}

function pidOf(part) {
  for (const pid of readdirSync("/proc").filter((n) => /^\d+$/.test(n))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${bureau.data}/conf/${part}.conf`)) return Number(pid);
    } catch { /* it ended meanwhile */ }
  }
  return 0;
}

// The portal asks the signer for the revocation list when it starts and then once a minute: a restart spares the test the wait.
async function restartPortal() {
  const before = pidOf("portal");
  process.kill(before, "SIGKILL");
  for (const end = Date.now() + 15000; Date.now() < end; await sleep(50)) {
    const now = pidOf("portal");
    if (!now || now === before) continue;
    const ok = await fetch(`${bureau.origin}/healthz`).then((r) => r.ok, () => false);
    if (ok) return;
  }
  throw new Error("the portal did not come back");
}

const moveClock = (seconds) => execFileSync(bureau.program("yinxin"), ["clock", String(seconds)], { env: bureau.env });
async function realTime() {
  moveClock(0);
  await restartPortal();
}

// Changes behind the portal's back: there is no page yet by which the register or an account changes, while what the login
// makes of such a change is already decided.
const sql = (text) => execFileSync("sqlite3", ["-cmd", ".timeout 5000", path.join(bureau.data, "yinxin.db"), text], { encoding: "utf8" }).trim();

// A second agent with a changed configuration; the supervisor keeps the first one running on its port.
async function otherAgent(change, work) {
  const port = await freePort();
  const conf = path.join(bureau.dir, `agent-${port}.conf`);
  writeFileSync(conf, change(readFileSync(path.join(bureau.data, "conf/agent.conf"), "utf8")).replace(/^port = .*$/m, `port = ${port}`), { mode: 0o600 });
  const child = spawn(bureau.program("yinxin-agent"), ["-c", conf], { stdio: "ignore", env: bureau.env });
  const gone = new Promise((done) => child.on("exit", done));
  try {
    for (const end = Date.now() + 8000; ; await sleep(50)) {
      if (await new Promise((done) => { const s = connect(port, "127.0.0.1", () => { s.destroy(); done(true); }); s.on("error", () => done(false)); })) break;
      if (Date.now() > end) throw new Error("the other agent did not start");
    }
    await work(port);
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}

// Requests for the configured agent go to the other one, and its answers come back.
// as: the origin that the agent is told instead of the page's.
async function forward(context, port, as = null) {
  const there = `http://127.0.0.1:${port}`;
  await context.route(`${bureau.agent}/**`, async (route) => {
    const r = route.request(), given = r.headers(), headers = {};
    for (const name of ["content-type", "accept"]) if (given[name]) headers[name] = given[name];
    headers.origin = given.origin?.startsWith(bureau.agent) ? there : as ?? bureau.origin;
    try {
      const answer = await fetch(r.url().replace(bureau.agent, there), { method: r.method(), headers, body: r.postData() ?? undefined });
      const back = { ...Object.fromEntries(answer.headers), "access-control-allow-origin": bureau.origin };
      await route.fulfill({ status: answer.status, headers: back, body: Buffer.from(await answer.arrayBuffer()) });
    } catch { await route.abort().catch(() => {}); }
  });
}

// A valid number of a person who does not exist: region, birthday, sequence, check digit (GB 11643).
function idNumber(sequence) {
  const body = `43010219900307${String(sequence).padStart(3, "0")}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return body + "10X98765432"[[...body].reduce((sum, d, i) => sum + Number(d) * weights[i], 0) % 11];
}

// --- agent, library, keys ---

async function noAgent() {
  bureau.only("operator-1");
  const page = await fresh();
  await page.context().route(`${bureau.agent}/**`, (route) => route.abort("connectionrefused"));
  await page.goto(`${bureau.origin}/login`);
  await shows(page, "#failure", "L-201", "no agent");
  check("no agent: the download is one click away", await page.isVisible('#failure a[href="/downloads"]'));
  await page.context().unroute(`${bureau.agent}/**`);
  await ready(page);
  check("no agent: the page notices by itself when it is there again", true);
  // The true thing as well: the agent's process stands still, then is killed; the supervisor starts it anew.
  const pid = pidOf("agent");
  process.kill(pid, "SIGKILL");
  await shows(page, "#failure", "L-201", "agent killed");
  await ready(page);
  await page.context().close();
}

async function noLibrary() {
  await otherAgent((conf) => conf.replace(/^library = .*$/m, "library = /nonexistent/libyxskf.so"), async (port) => {
    const page = await fresh();
    await forward(page.context(), port);
    await page.goto(`${bureau.origin}/login`);
    await shows(page, "#failure", "L-202", "SKF library missing");
    check("SKF library missing: the page names what it found", flat(await page.textContent("#found-library")) === "未加载");
    await page.click("#login");
    await shows(page, "#failure", "L-202", "SKF library missing, button pressed");
    await page.context().close();
  });
}

async function noKey() {
  bureau.only();
  const page = await loginPage();
  await shows(page, "#failure", "L-203", "no key");
  bureau.insert("blank-1");
  await shows(page, "#failure", "L-205", "blank key only", [bureau.key("blank-1").serial]);
  bureau.only("operator-1");
  await ready(page);
  check("blank key exchanged: ready without a reload", (await page.textContent("#failure")).trim() === "");
  await page.context().close();
}

async function severalKeys() {
  bureau.only("operator-1", "person-1");
  let page = await loginPage();
  await page.waitForFunction(() => document.getElementById("live").textContent.includes("L-204"), undefined, { timeout: 12000 }).catch(() => {});
  const live = flat(await page.textContent("#live"));
  check("several keys: L-204 with cause and remedy", live.includes("检测到多个证书") && live.includes("请选择") && live.includes("L-204"), live);
  const labels = (await page.locator("#choice-list label").allTextContents()).map(flat);
  const tails = JSON.parse(bureau.yxkey("list", "--json")).map((k) => k.cert_serial.slice(-4));
  check("several keys: offered by unit, holder and serial's tail", labels.length === 2 && labels.some((l) => l.includes("芙蓉区测试餐饮店") && l.includes("测试经办人乙"))
    && labels.some((l) => l.includes("测试个人丙")) && tails.every((t) => labels.some((l) => l.includes(t))), `${labels.join(" | ")} tails ${tails}`);
  await page.getByLabel(/测试个人丙/).check();
  await ready(page);
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("person-1"));
  await page.waitForURL(`${bureau.origin}/person`, { timeout: 15000 });
  check("several keys: the chosen one logs in", true);
  await page.context().close();
  page = await loginPage();
  await page.waitForSelector("#choice:not([hidden])");
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"), { choose: bureau.key("operator-1").serial });
  await page.waitForURL(`${bureau.origin}/unit`, { timeout: 15000 });
  check("several keys: without a choice on the page the agent's window asks", true);
  await page.context().close();
}

// --- PIN ---

async function wrongPin() {
  bureau.only("operator-1");
  const page = await loginPage();
  await ready(page);
  const win = await withAgent(page, () => page.click("#login:not([disabled])"), "000000", { keepOpen: true });
  await press(win);
  await windowShows(win, "K-002", "wrong PIN", ["5"]);
  check("wrong PIN: the window stays and says how many tries are left", !win.isClosed() && flat(await win.textContent("#form")).includes("剩余 5 次"), flat(await win.textContent("#form")));
  check("wrong PIN: the page has not given up", (await page.textContent("#failure")).trim() === "");
  await win.screenshot({ path: path.join(shots, "wrong-pin.png") });
  await win.fill("#pin", "1");
  await press(win);
  await windowShows(win, "K-004", "PIN too short");
  await win.fill("#pin", bureau.pin("operator-1"));
  await press(win);
  await page.waitForURL(`${bureau.origin}/unit`, { timeout: 15000 });
  check("wrong PIN, then the right one: logged in", true);
  await page.context().close();
}

async function cancelled() {
  bureau.only("operator-1");
  const page = await loginPage();
  await ready(page);
  const win = await withAgent(page, () => page.click("#login:not([disabled])"), "000000", { keepOpen: true });
  await win.click("#cancel");
  await shows(page, "#failure", "K-017", "cancelled in the window");
  check("cancelled: the button works again", await page.isEnabled("#login"));
  await page.context().close();
}

async function lockedPin() { // last of person-1: the key is of no use afterwards
  bureau.only("person-1");
  const page = await loginPage();
  await ready(page);
  const win = await withAgent(page, () => page.click("#login:not([disabled])"), "000000", { keepOpen: true });
  for (let left = 5; left >= 1; left--) {
    await win.fill("#pin", "000000");
    await press(win);
    await win.waitForFunction((n) => document.getElementById("pin-tries").textContent.includes(`剩余 ${n} 次`), left, { timeout: 12000 });
  }
  check("five wrong PINs: one try is left and said so", flat(await win.textContent("#error")).includes("还可输入 1 次"), flat(await win.textContent("#error")));
  await win.fill("#pin", "000000");
  await press(win);
  await shows(page, "#failure", "K-003", "locked by the sixth wrong PIN");
  check("locked: the page leads to a window of the bureau", await page.isVisible('#failure a[href="/windows"]'));
  await page.reload();
  await shows(page, "#failure", "K-003", "locked key, page anew");
  await page.context().close();
}

// --- time ---

async function validity() {
  bureau.only("operator-1");
  const page = await fresh();
  moveClock(366 * 86400);
  await page.goto(`${bureau.origin}/login`);
  await shows(page, "#failure", "C-004", "expired certificate", ["到期"]);
  await page.click("#login");
  await shows(page, "#failure", "C-004", "expired certificate, button pressed");
  moveClock(-2 * 86400);
  await page.goto(`${bureau.origin}/login`);
  await shows(page, "#failure", "C-005", "certificate not yet valid", ["起有效"]);
  await realTime();
  await page.reload();
  await ready(page);
  check("clock back to real time: ready again", true);
  await page.context().close();
}

async function localClock() {
  const file = path.join(bureau.dir, "clock-wrong");
  const offset = Buffer.alloc(8);
  offset.writeBigInt64LE(3600n);
  writeFileSync(file, offset);
  await otherAgent((conf) => conf.replace(/^clock = .*$/m, `clock = ${file}`), async (port) => {
    bureau.only("operator-1");
    const page = await fresh();
    await forward(page.context(), port);
    await page.goto(`${bureau.origin}/login`);
    await shows(page, "#failure", "L-003", "local clock an hour ahead", ["60 分钟"]);
    check("local clock: beside what was found too", flat(await page.textContent("#found-clock")).includes("60 分钟"));
    await page.context().close();
  });
  // The page can be passed by: the portal looks at the statement's time itself.
  await duringAnswer("statement dated ahead", "L-003", () => moveClock(-400));
  await realTime();
}

// --- revocation ---

async function status() {
  bureau.only("person-1");
  const serial = JSON.parse(bureau.yxkey("list", "--json"))[0].cert_serial;
  const attempt = async (code, name) => {
    const page = await loginPage();
    await ready(page);
    await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("person-1"));
    if (code) await shows(page, "#failure", code, name);
    else {
      await page.waitForURL(`${bureau.origin}/person`, { timeout: 15000 }).catch(() => {});
      check(`${name}: logs in`, page.url() === `${bureau.origin}/person`, page.url());
    }
    return page;
  };
  const before = await attempt(null, "good certificate");
  tool("suspend", serial);
  check("suspended: the signer says so", tool("status", serial).status === "suspended");
  await restartPortal();
  await attempt("C-007", "suspended certificate");
  await before.goto(`${bureau.origin}/person`);
  check("suspended: the session that was open is over", new URL(before.url()).pathname !== "/person", before.url());
  tool("release", serial);
  await restartPortal();
  await attempt(null, "released certificate");
  for (const c of browser.contexts()) await c.close();
}

async function revoked() { // last of operator-1
  bureau.only("operator-1");
  const serial = JSON.parse(bureau.yxkey("list", "--json"))[0].cert_serial;
  const open = await signedIn("operator-1", "/unit");
  tool("revoke", serial);
  await restartPortal();
  const page = await loginPage();
  await ready(page);
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"));
  await shows(page, "#failure", "C-006", "revoked certificate");
  await open.goto(`${bureau.origin}/unit`);
  check("revoked: the session that was open is over", new URL(open.url()).pathname !== "/unit", open.url());
  for (const c of browser.contexts()) await c.close();
}

// --- register and account ---

async function register() {
  bureau.only("operator-1");
  const [subject, unitNo, name, holder] = sql("SELECT a.subject, a.unit_no, u.name, a.holder FROM account a JOIN unit u USING (unit_no) WHERE a.kind = 'unit' LIMIT 1").split("|");
  const attempt = async (code, what, change, undo) => {
    sql(change);
    const page = await loginPage();
    await ready(page);
    await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"));
    await shows(page, "#failure", code, what);
    await page.context().close();
    sql(undo);
  };
  await attempt("L-102", "unit renamed in the register", `UPDATE unit SET name = name || '改' WHERE unit_no = '${unitNo}'`, `UPDATE unit SET name = '${name}' WHERE unit_no = '${unitNo}'`);
  await attempt("L-102", "another holder in the account", `UPDATE account SET holder = '测试某人' WHERE subject = '${subject}'`, `UPDATE account SET holder = '${holder}' WHERE subject = '${subject}'`);
  await attempt("L-104", "account frozen", `UPDATE account SET frozen = 1 WHERE subject = '${subject}'`, `UPDATE account SET frozen = 0 WHERE subject = '${subject}'`);
  await attempt("L-104", "unit frozen", `UPDATE unit SET frozen = 1 WHERE unit_no = '${unitNo}'`, `UPDATE unit SET frozen = 0 WHERE unit_no = '${unitNo}'`);
  await attempt("L-103", "certificate without an account", `UPDATE account SET subject = 'x' || subject WHERE subject = '${subject}'`, `UPDATE account SET subject = '${subject}' WHERE subject = 'x${subject}'`);
}

async function password() {
  let page = await signedIn("operator-1", "/unit/account");
  await page.fill("#password", PASSWORD);
  await page.fill("#again", PASSWORD);
  await page.click('form[action="/unit/account"] button[type=submit]');
  await page.waitForSelector(".yx-good");
  await page.context().close();
  page = await fresh();
  await login(page, bureau, "operator-1", "/login/password");
  await page.goto(`${bureau.origin}/unit`);
  check("password not yet given: the unit's page stays closed", new URL(page.url()).pathname.startsWith("/login"), page.url());
  await page.goto(`${bureau.origin}/login/password`);
  await page.fill("#password", "wrong-Pass-1");
  await page.click('form[action="/login/password"] button[type=submit]');
  await page.waitForSelector(".govuk-error-summary", { timeout: 8000 }).catch(() => {});
  const text = flat(await page.textContent("main"));
  check("password wrong: L-105 with cause and remedy", ["L-105", messages["L-105"].text, messages["L-105"].remedy].every((w) => text.includes(w)), text);
  await page.click('a[href="/login/password/reset"]');
  check("password forgotten: L-106 and the way out are told", flat(await page.textContent("main")).includes("L-106") && flat(await page.textContent("main")).includes("用证书"));
  await page.waitForSelector("#reset");
  await page.fill("#new-password", PASSWORD_2);
  await page.fill("#new-again", `${PASSWORD_2}x`);
  await page.click('#reset button[type="submit"]');
  await shows(page, "#reset-live", "F-006", "two different new passwords", [], ["两次输入的密码不一致", "重新输入"]);
  await page.fill("#new-again", PASSWORD_2);
  await withAgent(page, () => page.click('#reset button[type="submit"]'), bureau.pin("operator-1"));
  await page.waitForURL(`${bureau.origin}/unit`, { timeout: 15000 }).catch(() => {});
  check("password forgotten: set anew by the certificate, logged in", page.url() === `${bureau.origin}/unit`, `${page.url()} ${flat(await page.textContent("main"))}`);
  await page.context().close();
  page = await fresh();
  await login(page, bureau, "operator-1", "/login/password");
  for (let i = 0; i < 5; i++) {
    await page.fill("#password", "wrong-Pass-2");
    await page.click('form[action="/login/password"] button[type=submit]');
    await page.waitForSelector(".govuk-error-summary");
  }
  await page.fill("#password", PASSWORD_2);
  await page.click('form[action="/login/password"] button[type=submit]');
  await page.waitForLoadState();
  const many = flat(await page.textContent("main"));
  check("five wrong passwords: L-111 with cause and remedy", ["L-111", messages["L-111"].text, messages["L-111"].remedy].every((w) => many.includes(w)), many);
  sql("UPDATE account SET password = NULL, fails = 0, wait_until = 0 WHERE kind = 'unit'");
  await page.context().close();
}

// --- origin, browser ---

async function foreignOrigin() {
  bureau.only("operator-1");
  const page = await fresh();
  await page.goto(`http://127.0.0.1:${bureau.port}/login`);
  await shows(page, "#failure", "K-018", "page of an origin that is not on the allow-list");
  const refused = await posted(page, "/login/challenge", {});
  check("the portal refuses a POST of that origin", refused.status === 403 && refused.body?.error?.remedy, JSON.stringify(refused));
  const direct = await fetch(`${bureau.agent}/v1/status`, { headers: { Origin: "http://evil.example" } });
  const body = await direct.json();
  check("the agent refuses another origin: 403 K-018", direct.status === 403 && body.error.code === "K-018" && body.error.remedy && !direct.headers.get("access-control-allow-origin"), JSON.stringify(body));
  await page.context().close();
}

// A site of a thief hands the bureau's challenge to its visitor and posts his signature on: the statement names that site.
async function relayed() {
  const thief = "http://evil.example";
  await otherAgent((conf) => conf.replace(/^origins = .*$/m, `origins = ${thief}`), async (port) => {
    bureau.only("operator-1");
    const page = await fresh();
    await forward(page.context(), port, thief);
    await page.goto(`${bureau.origin}/login`);
    await ready(page);
    const win = await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"), { keepOpen: true });
    check("signature for another site: the agent's window names that site", flat(await win.textContent("#origin")) === thief, await win.textContent("#origin"));
    await press(win);
    await shows(page, "#failure", "L-002", "signature made for another site");
    await page.context().close();
  });
}

// Chromium keeps a "public" page from the loopback network until the person permits it; nothing reaches the agent.
async function permission() {
  bureau.only("operator-1");
  const args = [`--ip-address-space-overrides=127.0.0.1:${bureau.port}=public`, "--host-resolver-rules=MAP site.test 127.0.0.1"];
  const site = `http://site.test:${bureau.port}`;
  for (const secure of [true, false]) {
    const other = await openBrowser(secure ? [...args, `--unsafely-treat-insecure-origin-as-secure=${site}`] : args);
    try {
      const page = await (await other.newContext({ locale: "zh-CN" })).newPage();
      await page.goto(`${site}/login`);
      await shows(page, "#failure", "L-206", secure ? "browser has not permitted the loopback network" : "the same without https", secure ? ["这项权限叫“设备上的应用”"] : []);
      if (secure) check("permission: the page leads to how it is given", await page.isVisible("#failure a"));
      if (secure) check("permission: beside what was found too", flat(await page.textContent("#found-agent")) === "浏览器未允许");
    } finally {
      await other.close();
    }
  }
}

// While the browser asks, the page says at once what to answer, by the name that this browser uses. Its question is held open:
// a headless browser answers by itself.
async function question() {
  bureau.only("operator-1");
  const site = `http://site.test:${bureau.port}`;
  const other = await openBrowser([`--ip-address-space-overrides=127.0.0.1:${bureau.port}=public`, "--host-resolver-rules=MAP site.test 127.0.0.1",
    `--unsafely-treat-insecure-origin-as-secure=${site}`]);
  try {
    const context = await other.newContext({ locale: "zh-CN" });
    await context.route(`${bureau.agent}/**`, () => {});
    const page = await context.newPage();
    await page.goto(`${site}/login`);
    await page.waitForSelector("#live .yx-warn", { timeout: 3000 }).catch(() => {});
    const text = flat(await page.textContent("#live"));
    check("the browser asks: the page says at once what to answer, and its name", text.includes("请在浏览器的提示中选择“允许”") && text.includes("设备上的应用"), text);
    await page.screenshot({ path: path.join(shots, "question.png"), fullPage: true });
    // A browser that knows no such name (an older Firefox) throws, which is no fault.
    const old = await other.newContext({ locale: "zh-CN" });
    await old.addInitScript(() => { navigator.permissions.query = () => Promise.reject(new TypeError("not a PermissionName")); });
    await old.route(`${bureau.agent}/**`, (route) => route.abort("connectionrefused"));
    const plain = await old.newPage();
    await plain.goto(`${site}/login`);
    await shows(plain, "#failure", "L-201", "a browser that knows none of the names");
  } finally {
    await other.close();
  }
}

// An agent with pinentry where nothing can show a window.
async function noWindow() {
  bureau.only("operator-1");
  const env = { ...bureau.env };
  bureau.env = { ...env, DISPLAY: "", WAYLAND_DISPLAY: "" };
  try {
    await otherAgent((conf) => conf.replace(/^pin = .*$/m, "pin = pinentry"), async (port) => {
      const page = await fresh();
      await forward(page.context(), port);
      await page.goto(`${bureau.origin}/login`);
      await shows(page, "#failure", "L-207", "no display for the PIN window");
      await page.screenshot({ path: path.join(shots, "no-window.png"), fullPage: true });
      await page.context().close();
    });
  } finally {
    bureau.env = env;
  }
}

async function blockedWindow() {
  bureau.only("operator-1");
  const page = await fresh();
  await page.addInitScript(() => { globalThis.open = () => null; }); // as a browser that blocks windows answers
  await page.goto(`${bureau.origin}/login`);
  await ready(page);
  await page.click("#login");
  await page.waitForSelector('#failure [data-code="L-206"]', { timeout: 12000 }).catch(() => {});
  const text = flat(await page.textContent("#failure"));
  check("window blocked by the browser: L-206 with its own cause and remedy", text.includes("L-206") && text.includes("窗口") && text.includes("允许"), text);
  await page.context().close();
}

// --- nonces ---

// Something happens between the agent's signature and its arrival at the portal; what() may give other data to send.
async function duringAnswer(name, code, what) {
  bureau.only("operator-1");
  const page = await loginPage();
  await ready(page);
  await page.route("**/login/answer", async (route) => { const changed = await what(route); await route.continue(changed?.postData ? changed : {}); });
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"));
  await shows(page, "#failure", code, name);
  await page.context().close();
}

async function nonces() {
  await duringAnswer("login answer replayed", "L-001", (route) => route.fetch());
  const stranger = await loginPage();
  const theirs = await posted(stranger, "/login/challenge", {});
  bureau.only("operator-1");
  const page = await loginPage();
  await ready(page);
  await page.route("**/login/challenge", (route) => route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify(theirs.body) }));
  await withAgent(page, () => page.click("#login:not([disabled])"), bureau.pin("operator-1"));
  await shows(page, "#failure", "L-001", "challenge of another browser");
  await page.context().close();
  await stranger.context().close();
  await duringAnswer("nonce expired", "L-001", () => moveClock(180));
  await realTime();
  await duringAnswer("statement changed on the way", "C-001", async (route) => {
    const body = JSON.parse(route.request().postData());
    const time = body.statement.match(/time: .*?(\d)Z/)[1];
    body.statement = body.statement.replace(/(time: .*?)\dZ/, `$1${(Number(time) + 1) % 10}Z`);
    return { postData: JSON.stringify(body) };
  });
}

async function twoTabs() {
  bureau.only("operator-1");
  const one = await loginPage();
  const two = await one.context().newPage();
  await two.goto(`${bureau.origin}/login`);
  await ready(one);
  await ready(two);
  const win = await withAgent(one, () => one.click("#login:not([disabled])"), bureau.pin("operator-1"), { keepOpen: true });
  await two.click("#login:not([disabled])");
  await shows(two, "#failure", "K-025", "two tabs: the second is told that a window waits elsewhere, and which", ["“登录”", bureau.origin, "已等待"]);
  await two.screenshot({ path: path.join(shots, "elsewhere.png"), fullPage: true });
  await two.click('[data-other="show"]', { timeout: 3000 }).catch(() => {});
  await win.waitForSelector("#called:not([hidden])", { timeout: 8000 }).catch(() => {});
  check("two tabs: called from the second, that window can be told by its title", (await win.title()).startsWith("★请在这里输入证书密码") && (await win.isVisible("#called")), await win.title());
  await win.screenshot({ path: path.join(shots, "called.png") });
  await press(win);
  await one.waitForURL(`${bureau.origin}/unit`, { timeout: 15000 });
  // The other page has learnt of the login and gone on by itself.
  await two.waitForURL(`${bureau.origin}/unit`, { timeout: 15000 }).catch(() => {});
  check("two tabs: one logs in, the other goes on by itself", new URL(two.url()).pathname === "/unit", two.url());
  const third = await one.context().newPage();
  await third.goto(`${bureau.origin}/login`);
  await two.goto(`${bureau.origin}/login`);
  for (const p of [two, third]) await ready(p);
  const forgotten = await withAgent(third, () => third.click("#login:not([disabled])"), "000000", { keepOpen: true });
  await two.click("#login:not([disabled])");
  await two.waitForSelector('[data-other="cancel"]', { timeout: 12000 }).catch(() => {});
  await two.click('[data-other="cancel"]', { timeout: 3000 }).catch(() => {});
  await shows(third, "#failure", "K-026", "two tabs: the forgotten window is closed from the other");
  if (!forgotten.isClosed()) await forgotten.waitForEvent("close", { timeout: 8000 }).catch(() => {});
  check("two tabs: and it goes", forgotten.isClosed());
  await one.reload();
  check("two tabs: the first one's session outlives a login that was given up", new URL(one.url()).pathname === "/unit", one.url());
  await one.context().close();
}

// --- idle ---

async function idle() {
  const page = await signedIn("clerk-1");
  await page.clock.install();
  await page.goto(`${bureau.origin}/desk/new`);
  await page.check('input[name=profile][value="person"]');
  for (const [field, value] of Object.entries({ holder: "测试个人丁", id_number: idNumber(123), mobile: "13000000009" })) await page.fill(`#${field}`, value);
  moveClock(1860);
  await page.clock.fastForward(1860 * 1000);
  await page.waitForSelector("#lock[open]", { timeout: 8000 }).catch(() => {});
  const why = flat(await page.textContent("#lock").catch(() => ""));
  check("idle limit: the page says L-108 and what to do", why.includes("L-108") && why.includes("长时间未操作") && why.includes("继续"), why);
  await page.waitForSelector("#lock-live .yx-good", { timeout: 12000 }).catch(() => {});
  await withAgent(page, () => page.click("#lock-resume"), bureau.pin("clerk-1"));
  await page.waitForSelector("#lock", { state: "hidden", timeout: 12000 });
  check("idle limit: after the login the half-filled form is still there", (await page.inputValue("#holder")) === "测试个人丁" && (await page.inputValue("#id_number")) === idNumber(123));
  await page.click("#save");
  await page.waitForSelector('#state[data-state="draft"]', { timeout: 12000 }).catch(() => {});
  check("idle limit: and can be sent off", page.url().includes("/desk/cases/"), flat(await page.textContent("main")));
  // Without script, or with the page closed: what the next request says.
  moveClock(2 * 1860);
  const api = await posted(page, "/session/lock", { csrf: "x" });
  check("idle limit: a script is told 401 L-108", api.status === 401 && api.body?.error?.code === "L-108" && api.body.error.remedy, JSON.stringify(api));
  moveClock(0);
  await page.context().close();
  const again = await signedIn("clerk-1", "/desk");
  moveClock(1860);
  await again.goto(`${bureau.origin}/desk`);
  const text = flat(await again.textContent("main"));
  check("idle limit: the next page says L-108", text.includes("L-108") && text.includes(messages["L-108"].text), `${again.url()} ${text.slice(0, 200)}`);
  await again.context().close();
  await realTime();
}

// --- keys pulled out, wrong keys ---

const UNIT = { unit_no: "10000016", uscc: "91430100MAYYYY016Y", holder: "测试经办人甲", id_number: "430102199003079914", mobile: "13000000001", letter_no: "测委〔2026〕1号" };
const today = (days = 0) => cn(days).slice(0, 10);

async function acceptPulled() {
  const page = await signedIn("clerk-1", "/desk/new");
  await page.check('input[name=profile][value="unit"]');
  for (const [field, value] of Object.entries({ ...UNIT, letter_from: today(), letter_to: today(300) })) await page.fill(`#${field}`, value);
  await page.click("#save");
  await page.waitForSelector('#state[data-state="draft"]');
  const win = await withAgent(page, () => page.click("#sign"), bureau.pin("clerk-1"), { keepOpen: true });
  bureau.remove("clerk-1");
  await press(win);
  await shows(page, ".yx-failure", "K-001", "key pulled out while signing");
  await page.waitForSelector("#lock[open]", { timeout: 12000 }).catch(() => {});
  check("key pulled out: the page locks with L-109", flat(await page.textContent("#lock")).includes("L-109"));
  const api = await posted(page, new URL(page.url()).pathname + "/text", { step: "accept" });
  check("key pulled out: the session is locked at the server, L-109", api.status === 401 && api.body?.error?.code === "L-109", JSON.stringify(api));
  await page.click("#lock-resume");
  await shows(page, "#lock-live", "L-110", "resume without the key", [], ["没有检测到登录时使用的介质", "插回原介质"]);
  bureau.insert("reviewer-1");
  await sleep(700);
  await page.click("#lock-resume");
  await shows(page, "#lock-live", "L-110", "resume with another key", [], ["没有检测到登录时使用的介质", "插回原介质"]);
  bureau.only("clerk-1");
  await page.waitForSelector("#lock-live .yx-good", { timeout: 12000 });
  await withAgent(page, () => page.click("#lock-resume"), bureau.pin("clerk-1"));
  await page.waitForSelector("#lock", { state: "hidden", timeout: 12000 });
  await withAgent(page, () => page.click("#sign"), bureau.pin("clerk-1"));
  await page.waitForSelector('#state[data-state="accepted"]', { timeout: 15000 });
  check("key back in: the same page signs", true);
  const address = page.url();
  await page.context().close();
  return address;
}

async function approved(address) {
  const page = await signedIn("reviewer-1", new URL(address).pathname);
  await withAgent(page, () => page.click("#sign"), bureau.pin("reviewer-1"));
  await page.waitForSelector('#state[data-state="approved"]', { timeout: 15000 });
  await page.context().close();
}

async function makePulled(address) {
  const no = address.split("/").pop();
  const page = await signedIn("maker-1", new URL(address).pathname);
  bureau.only("maker-1", "operator-1");
  await page.waitForFunction(() => document.getElementById("slot-own").textContent.includes("已插入"), undefined, { timeout: 12000 });
  await page.click("#make-born");
  await shows(page, "#make-failure", "K-009", "a ready key where a blank one is wanted", [], ["没有检测到空白介质", "插入一个已入库的空白介质"]);
  const forced = await page.evaluate(async ([agent, body]) => {
    const r = await fetch(`${agent}/v1/card/new`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return { status: r.status, body: await r.json() };
  }, [bureau.agent, { window: "a".repeat(32), case: no, approval: "0".repeat(64), unit: "", holder: "测试", key: bureau.key("operator-1").serial }]);
  check("the agent itself refuses to overwrite a ready key: K-009", forced.body.error?.code === "K-009" && forced.body.error.remedy, JSON.stringify(forced));
  await forgedBlank(page);
  bureau.only("maker-1", "blank-1");
  await page.waitForFunction((s) => document.getElementById("slot-blank").textContent.includes(s), bureau.key("blank-1").serial, { timeout: 12000 });
  // Pulled out while the holder types his PIN.
  const early = await withAgent(page, () => page.click("#make-born"), [NEW_PIN, NEW_PIN], { keepOpen: true });
  bureau.remove("blank-1");
  await press(early);
  await shows(page, "#make-failure", "K-001", "blank key pulled out before its pair is born");
  // The page knows that it is gone before it comes back: otherwise the serial that is waited for is still the old sight.
  await page.waitForFunction(() => document.getElementById("slot-blank").textContent.includes("未插入"), undefined, { timeout: 12000 });
  bureau.insert("blank-1");
  await page.waitForFunction((s) => document.getElementById("slot-blank").textContent.includes(s), bureau.key("blank-1").serial, { timeout: 12000 });
  // Two PINs that differ, and a trivial one: the window stays.
  const win = await withAgent(page, () => page.click("#make-born"), [NEW_PIN, `${NEW_PIN}x`], { keepOpen: true });
  await press(win);
  await windowShows(win, "K-024", "new PINs differ");
  await win.fill("#pin", "123456");
  await win.fill("#pin2", "123456");
  await press(win);
  await windowShows(win, "K-020", "trivial new PIN");
  await win.fill("#pin", NEW_PIN);
  await win.fill("#pin2", NEW_PIN);
  await press(win);
  await page.waitForSelector('#state[data-state="making"]', { timeout: 20000 });
  bureau.remove("blank-1"); // right after its pair was born
  if (!win.isClosed()) await win.close();
  await page.goto(address);
  await withAgent(page, () => page.click("#sign"), bureau.pin("maker-1"));
  await page.waitForSelector('#state[data-state="issued"]', { timeout: 20000 });
  check("blank key pulled out after birth: signing and issuing go on without it", true);
  await page.waitForFunction((s) => document.getElementById("slot-blank").textContent.includes(s), bureau.key("blank-1").serial, { timeout: 12000 });
  await page.click("#make-install");
  await shows(page, "#make-failure", "K-010", "no key at the writing", [], ["没有检测到本业务的介质", `插入序列号为 ${bureau.key("blank-1").serial} 的介质`]);
  bureau.insert("blank-2");
  await sleep(900);
  await page.click("#make-install");
  await shows(page, "#make-failure", "K-010", "another blank key at the writing", [], ["没有检测到本业务的介质", `插入序列号为 ${bureau.key("blank-1").serial} 的介质`]);
  await wrongCardAtAgent(page, no);
  bureau.only("maker-1", "blank-1");
  await page.waitForFunction((s) => document.getElementById("slot-blank").textContent.includes(`${s}（`), bureau.key("blank-1").serial, { timeout: 12000 });
  const again = await withAgent(page, () => page.click("#make-install"), "000000", { keepOpen: true });
  await press(again);
  await windowShows(again, "K-002", "wrong PIN at the writing", ["5"]);
  await again.fill("#pin", NEW_PIN);
  await press(again);
  await page.waitForSelector('#state[data-state="done"]', { timeout: 20000 });
  check("key back in: the certificates are written, the case is done", true);
  await page.context().close();
  bureau.key("blank-1").pin = NEW_PIN;
  bureau.only("blank-1");
  const holder = await fresh();
  await login(holder, bureau, "blank-1", "/unit");
  check("and its holder logs in with it", true);
  await holder.context().close();
}

// A card that no bureau has stocked gets no certificate, and its holder is not even asked for a PIN.
async function forgedBlank(page) {
  tool("forge", "forged-1", "YX99000001");
  bureau.only("maker-1", "forged-1");
  await page.waitForFunction(() => document.getElementById("slot-blank").textContent.includes("YX99000001"), undefined, { timeout: 12000 });
  const [win] = await Promise.all([page.waitForEvent("popup", { timeout: 15000 }), page.click("#make-born")]);
  const asked = win.waitForSelector("#pin", { state: "visible", timeout: 8000 }).then(() => true, () => false);
  await shows(page, "#make-failure", "K-006", "card that is not genuine");
  check("card that is not genuine: no PIN was asked for", !(await asked));
}

// Past the page's own look: the agent compares certificate and card.
async function wrongCardAtAgent(page, no) {
  const got = await page.evaluate(async ([agent, address, key]) => {
    const post = async (url, body) => (await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body) })).json();
    const parcel = await post(`${address}/parcel`, { csrf: document.querySelector('meta[name="yx-csrf"]').content });
    const { sign_cert, enc_cert, enveloped } = parcel;
    return post(`${agent}/v1/card/install`, { window: "b".repeat(32), case: address.split("/").pop(), key, sign_cert, enc_cert, enveloped });
  }, [bureau.agent, `/desk/cases/${no}`, bureau.key("blank-2").serial]);
  check("the agent refuses to write into another card", /^K-0(10|07|15)$/.test(got.error?.code ?? "") && got.error.remedy, JSON.stringify(got));
}

async function pulledOut() {
  const address = await acceptPulled();
  await approved(address);
  await makePulled(address);
}

// --- the run ---

const PARTS = [noAgent, noLibrary, noKey, severalKeys, wrongPin, cancelled, localClock, register, password, foreignOrigin, relayed, permission, question, noWindow,
  blockedWindow, nonces, twoTabs, pulledOut, status, validity, idle, revoked, lockedPin];

async function run(part) {
  const began = Date.now();
  try {
    await part();
  } catch (e) {
    for (const [i, p] of browser.contexts().flatMap((c) => c.pages()).entries())
      await p.screenshot({ path: path.join(shots, `${part.name}-${i}.png`), fullPage: true }).catch(() => {});
    check(`${part.name} ran to its end`, false, e.stack);
    try { await realTime(); } catch { /* the next part will tell */ }
  }
  for (const c of browser.contexts()) await c.close();
  console.log(`# ${part.name} ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function main() {
  bureau = await new Bureau(process.argv[2]).start();
  browser = await openBrowser();
  try {
    messages = (await (await fetch(`${bureau.origin}/login/messages`, { headers: { Accept: "application/json" } })).json()).messages;
    const rows = Object.entries(messages).filter(([code]) => code.startsWith("L-"));
    check("every L code has a text of its own and a remedy", new Set(rows.map(([, m]) => m.text)).size === rows.length && rows.every(([, m]) => m.remedy.length >= 4));
    for (const part of PARTS.filter((p) => !only || only.split(",").includes(p.name))) await run(part);
  } finally {
    await browser.close();
    if (count.failed) console.log(bureau.logs().replaceAll(/^/gm, "# "));
    const end = await bureau.stop();
    check("the bureau ended cleanly", end.code === 0, JSON.stringify(end));
    bureau.remove_files();
  }
  finish();
}

process.on("exit", () => { if (bureau && !bureau.gone) bureau.child.kill("SIGTERM"); });
main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
