// The ways back at the desk, signed: the reviewer sends an accepted case back, the clerk refuses it; both through the agent's
// window; the receipt of what became of it proves both. TAP.   usage: node desk.mjs BUILD_DIR
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Bureau, cn, login, openBrowser, screenshotDir, withAgent } from "./lib.mjs";
import { check, finish } from "./tap.mjs";

const CASE = { unit_no: "10000016", uscc: "91430100MAYYYY016Y", holder: "测试经办人甲", id_number: "430102199003079914", mobile: "13000000001",
  letter_no: "测委〔2026〕1号", letter_from: cn().slice(0, 10), letter_to: cn(300).slice(0, 10) };

async function is(page, state) {
  await page.waitForSelector(`#state[data-state="${state}"]`, { timeout: 15000 });
}

async function accepted(page, bureau) {
  bureau.only("clerk-1");
  await login(page, bureau, "clerk-1", "/desk");
  await page.click("#new-case");
  await page.check('input[name=profile][value="unit"]');
  for (const [field, value] of Object.entries(CASE)) await page.fill(`#${field}`, value);
  await page.click("#save");
  await is(page, "draft");
  await withAgent(page, () => page.click("#sign"), bureau.pin("clerk-1"));
  await is(page, "accepted");
  return page.url();
}

async function sentBack(page, bureau, address, shots) {
  bureau.only("reviewer-1");
  await login(page, bureau, "reviewer-1", "/review");
  await page.goto(address);
  await page.click("#return");
  await page.waitForSelector(".yx-failure [data-code]");
  check("no reason, no return", (await page.getAttribute("#state", "data-state")) === "accepted");
  await page.fill("#opinion", "授权委托书缺公章");
  const win = await withAgent(page, () => page.click("#return"), bureau.pin("reviewer-1"), { keepOpen: true });
  check("the agent shows the reason that is signed", (await win.textContent("#rows")).includes("授权委托书缺公章"));
  await win.screenshot({ path: path.join(shots, "01-agent.png"), fullPage: true });
  await win.click("#ok");
  await is(page, "returned");
  check("the case is sent back", (await page.textContent("main")).includes("授权委托书缺公章"));
}

async function refused(page, bureau, address, shots) {
  bureau.only("clerk-1");
  await login(page, bureau, "clerk-1", "/desk");
  await page.goto(address);
  await page.click("details summary");
  await page.fill("#reason", "材料不实");
  await page.screenshot({ path: path.join(shots, "02-phone.png"), fullPage: true });
  await withAgent(page, () => page.click("#refuse"), bureau.pin("clerk-1"));
  await is(page, "refused");
  check("the case is refused", (await page.textContent("main")).includes("材料不实"));
}

async function proven(page, bureau, address) {
  let got;
  for (let i = 0; i < 30 && got?.status() !== 200; i++) { // until a signed head covers the last act
    got = await page.request.get(`${address}/receipt`);
    if (got.status() !== 200) await page.waitForTimeout(500);
  }
  const file = path.join(bureau.dir, "case.yxr");
  writeFileSync(file, await got.body());
  const digest = readFileSync(path.join(bureau.data, "root.sm3"), "utf8").trim();
  const run = spawnSync(bureau.program("yinxin-verify"), [file, "--root", digest, "--text"], { encoding: "utf8", env: bureau.readerEnv });
  check("its receipt holds both signed statements", run.status === 0 && run.stdout.includes("reason: 授权委托书缺公章") && run.stdout.includes("reason: 材料不实"),
    run.stdout.slice(-800) + run.stderr);
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("desk");
  try {
    const own = async (width) => (await browser.newContext({ locale: "zh-CN", viewport: { width, height: 900 } })).newPage();
    const address = await accepted(await own(1280), bureau);
    await sentBack(await own(1280), bureau, address, shots);
    const clerk = await own(360);
    await refused(clerk, bureau, address, shots);
    await proven(clerk, bureau, address);
  } catch (e) {
    check("the way back ran to its end", false, e.stack);
    for (const [i, p] of browser.contexts().flatMap((c) => c.pages()).entries())
      await p.screenshot({ path: path.join(shots, `failure-${i}.png`), fullPage: true }).catch(() => {});
  }
  await browser.close();
  await bureau.stop();
  bureau.remove_files();
  finish();
}
main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
