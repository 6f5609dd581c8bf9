// Every page that each role can reach, in every state that one day brings, in both modes, on a desktop and at 360 px: axe-core finds
// nothing, nothing overflows, no text a character a line, content before 300 px, targets of 44 px (60 in elder mode), labels in one
// piece, plain Chinese words; no request leaves the machine, no script error. TAP.   usage: node pages.mjs BUILD_DIR
import { readFileSync } from "node:fs";
import path from "node:path";
import { Bureau, cn, openBrowser, root, screenshotDir } from "./lib.mjs";
import { KNOWN, layout, words } from "./measure.mjs";
import { Person, draft, filed, idNumber, monthAt, row } from "./people.mjs";
import { check, finish } from "./tap.mjs";

const axe = readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const SEEDS = {
  "": ["/", "/guide", "/downloads", "/faq", "/faq?q=忘记密码", "/search", "/search?q=密码", "/windows", "/verify", "/jobs", "/cert", "/login", "/notices",
    "/login/password/reset", "/no-such-page"],
  "clerk-1": ["/desk", "/desk/new", "/unit", "/search?q=挂失"], "reviewer-1": ["/review", "/desk", "/review/filings"], "maker-1": ["/desk"],
  "operator-1": ["/unit", "/unit/bill", "/unit/account", "/inbox", "/filings", "/desk"], "person-1": ["/person", "/filings"], "auditor-1": ["/audit"],
  "security-1": ["/admin"], "system-1": ["/admin"],
};
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
const TARGET = { standard: 44, elder: 60 };

// --- a day's work, so that there is something to see ---

const CASE = { profile: "unit", unit_no: "10000016", uscc: "91430100MAYYYY016Y", mobile: "13000000001", years: "1", letter_from: cn().slice(0, 10), letter_to: cn(300).slice(0, 10) };

async function open(clerk, n, more = {}) {
  const made = await clerk.ask("POST", "/desk/new", { form: { ...CASE, holder: `测试新人${"甲乙丙丁"[n]}`, id_number: idNumber(`4301021988030799${n + 1}`), letter_no: `测委〔2026〕${n}号`, ...more } });
  if (made.status !== 303) throw new Error(`case: ${JSON.stringify(made)}`);
  return made.to;
}

async function day(bureau) {
  const p = {};
  for (const name of ["operator-1", "clerk-1", "reviewer-1", "reviewer-2"]) p[name.replace("-", "")] = new Person(bureau, name);
  const { operator1: operator, clerk1: clerk, reviewer1: first, reviewer2: second } = p;
  const must = (what, a) => { if (a.status !== 200) throw new Error(`${what}: ${JSON.stringify(a)}`); };
  await draft(operator, row(0, monthAt(0), { wage: "12" }));
  await filed(operator, row(2, monthAt(0)));
  const back = await filed(operator, row(1, monthAt(0)));
  must("return", await first.act("/review/filings", "return", { no: back, defects: "缺劳动合同\n姓名与证件不一致" }));
  const done = await filed(operator, row(0, monthAt(0)));
  must("approve", await first.approve(done));
  const late = await filed(operator, row(1, monthAt(-1)));
  must("first review", await first.approve(late));
  must("second review", await second.approve(late));
  const gone = await filed(operator, row(1, monthAt(0), { id_no: idNumber("43010219930307991"), name: "测试职工丁" }));
  must("withdraw", await operator.act(`/filings/${gone}`, "withdraw", { reason: "填错月份" }));
  await open(clerk, 0);
  const returned = await open(clerk, 1), accepted = await open(clerk, 2);
  must("accept", await clerk.act(returned, "accept"));
  must("accept", await clerk.act(accepted, "accept"));
  must("return", await first.act(returned, "return", { opinion: "授权委托书缺公章" }));
  await open(clerk, 3, { profile: "person", unit_no: "", uscc: "", letter_from: "", letter_to: "", letter_no: "" });
  for (const who of Object.values(p)) who.done();
}

// --- which pages: what links lead to, one of each kind and state ---

const NOT_PAGES = /^\/(assets|downloads\/|ca\/|crl\/|mode|ocsp|tsa|log\/)|\/(receipt|lines\.csv|faults\.csv)$|\/attachments\/|\/preview\//;

async function reach(page, bureau, seeds) {
  const kinds = new Set(), found = [], queue = [...seeds];
  while (queue.length > 0 && found.length < 60) {
    const address = queue.shift();
    const at = new URL(address, bureau.origin);
    if (at.origin !== bureau.origin || NOT_PAGES.test(at.pathname)) continue;
    const asked = at.pathname + at.search;
    if (found.includes(decodeURI(asked))) continue;
    const answer = await page.goto(bureau.origin + asked);
    const state = await page.evaluate(() => document.querySelector("#state")?.dataset.state);
    const kind = `${new URL(page.url()).pathname.replaceAll(/[0-9]{4,}[A-Z0-9]*/g, "N")} ${state ?? ""} ${answer.status()} ${seeds.includes(address) ? address : ""}`;
    if (kinds.has(kind)) continue;
    kinds.add(kind);
    found.push(decodeURI(asked));
    if (answer.status() === 200) queue.push(...await page.$$eval("main a[href]", (all) => all.map((a) => a.getAttribute("href")).filter((h) => h.startsWith("/"))));
  }
  return found;
}

// --- one page ---

async function look(page, bureau, address, mode, size, shots, who) {
  const errors = [];
  const onError = (e) => errors.push(String(e));
  page.on("pageerror", onError);
  const answer = await page.goto(bureau.origin + address, { waitUntil: "load" });
  const name = `${who} ${address} ${mode} ${size}`;
  const file = `${who}${address.replaceAll(/[/?=]/g, "-")}-${mode}-${size}.png`;
  await page.screenshot({ path: path.join(shots, file), fullPage: true });
  if (mode === "standard" && size === "desktop") {
    const said = await page.evaluate(words, KNOWN);
    check(`${name}: plain words`, said.length === 0, said.join("\n"));
  }
  const laid = await page.evaluate(layout, TARGET[mode]);
  check(`${name}: layout`, laid.length === 0, laid.join("\n"));
  // The page's own policy forbids inline script; the test's script enters through the debugger, which the policy permits.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } }));
  check(`${name}: axe finds nothing`, found.violations.length === 0,
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")} ${v.nodes[0].failureSummary}`).join("\n"));
  const small = await page.evaluate((elder) => parseFloat(getComputedStyle(document.querySelector("main p, main li, main dd, main td") ?? document.body).fontSize) < (elder ? 22 : 18) - 0.5, mode === "elder");
  check(`${name}: text is large enough`, !small);
  check(`${name}: no script error`, errors.length === 0, errors.join("\n"));
  // Closed pages lead the public to the login, and nobody else.
  const led = new URL(page.url()).pathname.startsWith("/login") && !address.startsWith("/login");
  check(`${name}: answered`, [200, 403, 404].includes(answer.status()) && (!led || who === "public"), `${answer.status()} ${page.url()}`);
  page.off("pageerror", onError);
}

// A form sent empty: the summary of its faults is laid out like the rest.
async function lookFaults(page, bureau, mode, size) {
  await page.goto(`${bureau.origin}/desk/new`);
  await Promise.all([page.waitForNavigation(), page.evaluate(() => { const f = document.querySelector("main form"); f.noValidate = true; f.submit(); })]);
  check(`/desk/new sent empty ${mode} ${size}: names the faults`, await page.$(".govuk-error-summary__list a") !== null);
  const laid = await page.evaluate(layout, TARGET[mode]);
  check(`/desk/new sent empty ${mode} ${size}: layout`, laid.length === 0, laid.join("\n"));
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("pages");
  try {
    await day(bureau);
    for (const [who, seeds] of Object.entries(SEEDS)) {
      const context = await browser.newContext({ locale: "zh-CN" });
      const outside = [];
      context.on("request", (r) => { const u = new URL(r.url()); if (!["localhost", "127.0.0.1"].includes(u.hostname) && u.protocol !== "data:") outside.push(r.url()); });
      if (who) {
        bureau.only(who);
        const [name, value] = bureau.yxkeyLogin(who);
        await context.addCookies([{ name, value, url: bureau.origin }]);
      }
      const page = await context.newPage();
      const pages = await reach(page, bureau, seeds);
      for (const mode of ["standard", "elder"]) {
        await context.addCookies([{ name: `yx_mode_${new URL(bureau.origin).port}`, value: mode, url: bureau.origin }]);
        for (const [size, viewport] of Object.entries(SIZES)) {
          await page.setViewportSize(viewport);
          for (const address of pages) await look(page, bureau, address, mode, size, shots, who || "public");
          if (who === "clerk-1") await lookFaults(page, bureau, mode, size);
        }
      }
      check(`${who || "public"}: nothing was asked of other machines`, outside.length === 0, outside.join("\n"));
      await context.close();
    }
  } finally {
    await browser.close();
    await bureau.stop();
    bureau.remove_files();
  }
  finish();
}

main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
