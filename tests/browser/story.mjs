// The main story in a real Chromium through the real agent, without a person: from an empty machine to a unit's operator who
// sees his own page, files, and walks away with a receipt. Prints each step and its time; the portal's requests are recorded
// and hold no PIN. The last lines tell how to check the receipt, "root: SM3" and "receipt: PATH".
// usage: node story.mjs BUILD_DIR [DAY]     DAY: 1st, 26th or 31dec, the next such day by the bureau's clock
import { readFileSync } from "node:fs";
import path from "node:path";
import { Bureau, login, openBrowser, screenshotDir, shiftOfTest, sleep, step, withAgent } from "./lib.mjs";
import { filingStory } from "./story_filing.mjs";

const UNIT = { no: "10000016", name: "长沙测试一号科技有限公司", holder: "测试经办人甲", id: "430102199003079914", mobile: "13000000001" };
const NEW_PIN = "x7Kq-2026";
const started = Date.now();
let tests = 0;

function must(condition, what) {
  if (!condition) throw new Error(`not so: ${what}`);
  tests += 1;
}

// Ten in the morning in Beijing of the next such day; undefined: now.
function nextDay(name) {
  if (!name) return undefined;
  const fits = { "1st": (m, d) => d === 1, "26th": (m, d) => d === 26, "31dec": (m, d) => m === 12 && d === 31 }[name];
  if (!fits) throw new Error(`no such day: ${name}`);
  for (let day = 1; ; day++) {
    const t = new Date(Math.floor(Date.now() / 86400e3 + day) * 86400e3 + 2 * 3600e3);
    if (fits(t.getUTCMonth() + 1, t.getUTCDate())) return t;
  }
}
const at = nextDay(process.argv[3]);
const shift = at ? at - Date.now() : shiftOfTest;
const today = (days = 0) => new Date(Date.now() + shift + (days * 24 + 8) * 3600e3).toISOString().slice(0, 10);

async function text(page, selector) { return (await page.textContent(selector)).trim(); }

// Every body that goes to the portal is kept and searched for PINs at the end.
function record(context, bureau, kept) {
  context.on("request", (r) => {
    if (r.url().startsWith(bureau.origin)) kept.push(`${r.url()} ${JSON.stringify(r.headers())} ${r.postData() ?? ""}`);
  });
}

async function sign(page, bureau, name, state) {
  await withAgent(page, () => page.click("#sign"), bureau.pin(name));
  await page.waitForSelector(`#state[data-state="${state}"]`, { timeout: 20000 });
}

async function clerk(page, bureau, shots) {
  bureau.only("clerk-1");
  await login(page, bureau, "clerk-1", "/desk");
  step(started, "受理员用证书登录,进入办理窗口");
  await page.screenshot({ path: path.join(shots, "01-desk.png"), fullPage: true });
  await page.click("#new-case");
  await page.check('input[name=profile][value="unit"]');
  for (const [field, value] of Object.entries({ unit_no: UNIT.no, uscc: "91430100MAYYYY016Y", holder: UNIT.holder, id_number: UNIT.id,
    mobile: UNIT.mobile, letter_no: "测委〔2026〕1号", letter_from: today(), letter_to: today(300) })) await page.fill(`#${field}`, value);
  await page.screenshot({ path: path.join(shots, "02-new-case.png"), fullPage: true });
  await page.click("#save");
  await page.waitForSelector('#state[data-state="draft"]');
  const address = page.url();
  step(started, `录入新办证书业务 ${address.split("/").pop()}`);
  await sign(page, bureau, "clerk-1", "accepted");
  step(started, "受理员签名受理");
  await page.screenshot({ path: path.join(shots, "03-accepted.png"), fullPage: true });
  return address;
}

async function reviewer(page, bureau, address) {
  bureau.only("reviewer-1");
  await login(page, bureau, "reviewer-1", "/review");
  await page.click(`a[href="${new URL(address).pathname}"]`);
  await sign(page, bureau, "reviewer-1", "approved");
  step(started, "审核员登录并签名审核");
}

async function maker(page, bureau, address, shots) {
  bureau.only("maker-1", "blank-1");
  await page.goto(`${bureau.origin}/login`);
  // Two keys are in: only one of them has a certificate.
  await page.waitForSelector("#live .yx-good");
  await login(page, bureau, "maker-1", "/desk");
  // The agent's first answer comes late: who is quicker with the button is served all the same.
  await page.route(`${bureau.agent}/v1/status`, async (route) => { await sleep(1500); await route.continue().catch(() => {}); });
  await page.goto(address);
  const win = await withAgent(page, () => page.click("#make-born"), [NEW_PIN, NEW_PIN], { keepOpen: true });
  await page.unroute(`${bureau.agent}/v1/status`);
  await win.screenshot({ path: path.join(shots, "04-agent-new-pin.png") });
  await win.click("#ok");
  await page.waitForSelector('#state[data-state="making"]', { timeout: 20000 });
  step(started, "持有人设置密码,空白介质内产生密钥并出具证明");
  if (!win.isClosed()) await win.close();
  const make = await withAgent(page, () => page.click("#sign"), bureau.pin("maker-1"), { keepOpen: true });
  await make.screenshot({ path: path.join(shots, "05-agent-sign.png") });
  await make.click("#ok");
  await page.waitForSelector('#state[data-state="issued"]', { timeout: 20000 });
  step(started, "制证员签名,签发程序签发签名与加密证书");
  if (!make.isClosed()) await make.close();
  await page.click("#make-install");
  await page.waitForSelector('#state[data-state="done"]', { timeout: 20000 });
  step(started, "两张证书和加密密钥写入介质,办结");
  await page.screenshot({ path: path.join(shots, "06-done.png"), fullPage: true });
  await page.click("#slip");
  must((await text(page, "#root-sm3")).replaceAll(/\s/g, "").length === 64, "the slip shows the root's fingerprint");
  await page.emulateMedia({ media: "print" });
  await page.screenshot({ path: path.join(shots, "07-slip-print.png"), fullPage: true });
  await page.emulateMedia({ media: null });
  step(started, "交接单");
}

async function operator(page, bureau, shots) {
  bureau.only("blank-1");
  bureau.key("blank-1").pin = NEW_PIN;
  await page.goto(`${bureau.origin}/login`);
  await page.waitForSelector("#live .yx-good");
  await page.screenshot({ path: path.join(shots, "08-login.png"), fullPage: true });
  await login(page, bureau, "blank-1", "/unit");
  must((await text(page, "#unit-name")) === UNIT.name, "the unit's name");
  must((await text(page, "#unit-no")) === UNIT.no, "the unit's number");
  must(/\d+\s*天/.test(await text(page, "main")), "days left of the certificate");
  must(await page.isVisible("#staff-empty"), "an empty staff list");
  await page.screenshot({ path: path.join(shots, "09-unit.png"), fullPage: true });
  step(started, `单位经办人登录,看到 ${UNIT.name}`);
  await issuedBlank(bureau);
}

// Who was issued a blank, and that he set the PIN himself, is told by yxkey and, as soon as the supervisor has looked, by demo.json.
async function issuedBlank(bureau) {
  const line = bureau.yxkey("list");
  must(line.includes(UNIT.holder) && line.includes("密码由持有人自设"), `yxkey list names the holder: ${line}`);
  const entry = () => JSON.parse(readFileSync(path.join(bureau.data, "demo.json"), "utf8")).keys.find((k) => k.name === "blank-1");
  for (const end = Date.now() + 10000; entry().holder !== UNIT.holder && Date.now() < end;) await sleep(100);
  must(entry().holder === UNIT.holder && entry().unit === UNIT.name && entry().pin_set_by === "持有人在窗口自设", `demo.json too: ${JSON.stringify(entry())}`);
}

async function removal(page, bureau, shots) {
  bureau.remove("blank-1");
  await page.waitForSelector("#lock[open]", { timeout: 15000 });
  await page.screenshot({ path: path.join(shots, "10-locked.png") });
  bureau.insert("blank-1");
  await page.waitForSelector("#lock-live .yx-good", { timeout: 15000 });
  await withAgent(page, () => page.click("#lock-resume"), NEW_PIN);
  await page.waitForSelector("#lock", { state: "hidden", timeout: 15000 });
  step(started, "拔出介质页面锁定,插回并输入密码后继续");
}

async function main() {
  const bureau = await new Bureau(process.argv[2], {}, at).start();
  step(started, "演示机构已创建并启动");
  const browser = await openBrowser();
  const shots = screenshotDir(at ? `story-${process.argv[3]}` : "story");
  const kept = [];
  let failure, file;
  try {
    const own = async () => {
      const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 } });
      record(context, bureau, kept);
      if (shift) await context.clock.install({ time: Date.now() + shift });
      return context.newPage();
    };
    let page = await own();
    const address = await clerk(page, bureau, shots);
    page = await own();
    await reviewer(page, bureau, address);
    page = await own();
    await maker(page, bureau, address, shots);
    page = await own();
    await operator(page, bureau, shots);
    await removal(page, bureau, shots);
    const shot = (p, name) => p.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
    file = await filingStory({ bureau, key: "blank-1", pin: NEW_PIN, started, must, shot, today, own }, page);
    const pins = [NEW_PIN, ...bureau.demo.keys.map((k) => k.pin)].filter((p) => p && p.length >= 6);
    must(kept.length > 40, "requests were recorded");
    const leaked = kept.filter((k) => pins.some((p) => k.includes(p) || k.includes(encodeURIComponent(p))));
    must(leaked.length === 0, "no PIN in any request to the portal");
    step(started, `门户收到的 ${kept.length} 个请求中没有任何密码`);
  } catch (e) {
    failure = e;
    for (const [i, p] of browser.contexts().flatMap((c) => c.pages()).entries())
      await p.screenshot({ path: path.join(shots, `failure-${i}.png`), fullPage: true }).catch(() => {});
  }
  await browser.close();
  if (failure) console.log(bureau.logs());
  const rootDigest = readFileSync(path.join(bureau.data, "root.sm3"), "utf8").trim();
  const end = await bureau.stop("SIGTERM");
  bureau.remove_files();
  if (failure) {
    console.log(`not ok - ${failure.stack}\n# pictures in ${shots}`);
    process.exit(1);
  }
  must(end.code === 0, "the bureau ended cleanly");
  await sleep(0);
  console.log(`ok ${tests} - story, ${((Date.now() - started) / 1000).toFixed(1)} s, pictures in ${shots}`);
  if (!at) console.log(`不联网核验回执: ${path.relative(process.cwd(), bureau.program("yinxin-verify"))} ${file} --root ${rootDigest}`);
  console.log(`root: ${rootDigest}`);
  console.log(`receipt: ${file}`);
}

main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
