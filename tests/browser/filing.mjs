// From a filing by form to its approval: the operator files B03 for one person, the reviewer approves, the unit's list names
// the person, and the filing's receipt is checked offline; with a byte changed it is refused. TAP.   usage: node filing.mjs BUILD_DIR
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Bureau, cn, fill, login, openBrowser, screenshotDir, withAgent } from "./lib.mjs";
import { check, finish } from "./tap.mjs";


async function file(page, bureau, shots) {
  bureau.only("operator-1");
  await login(page, bureau, "operator-1", "/unit");
  await page.goto(`${bureau.origin}/filings`);
  await page.click("#new-B03");
  await page.waitForURL(/\/filings\/[^/]+\/form/);
  await page.screenshot({ path: path.join(shots, "01-form.png"), fullPage: true });
  const month = await page.inputValue("#period"); // after the 25th the next one
  await fill(page, { period: month, id_type: "01", id_no: "430102199003079914", name: "测试职工甲", gender: "1", enrol_type: "A",
    ins_110: "1", ins_210: "1", ins_410: "1", mobile: "13000000004", start_month: month, hire_date: cn(-3).slice(0, 10), contract_type: "2", contract_from: cn(-3).slice(0, 10),
    employ_form: "01", wage: "8765.43" });
  await page.click("#next");
  await page.screenshot({ path: path.join(shots, "02-next.png"), fullPage: true });
  if (/upload/.test(page.url())) await page.click("#next");
  await page.waitForURL(/\/check/);
  await page.screenshot({ path: path.join(shots, "03-check.png"), fullPage: true });
  check("the check page offers the signature", await page.isVisible("#sign"), await page.textContent("main"));
  await withAgent(page, () => page.click("#sign"), bureau.pin("operator-1"));
  await page.waitForSelector("#state", { timeout: 15000 });
  await page.screenshot({ path: path.join(shots, "04-filed.png"), fullPage: true });
  check("the filing is with the bureau", /accepted|submitted/.test(await page.getAttribute("#state", "data-state") ?? ""), await page.textContent("#state"));
  return new URL(page.url()).pathname.split("/").pop();
}

async function approve(page, bureau, no, shots) {
  bureau.only("reviewer-1");
  await login(page, bureau, "reviewer-1", "/review");
  await page.goto(`${bureau.origin}/review/filings`);
  await page.screenshot({ path: path.join(shots, "05-queue.png"), fullPage: true });
  await page.goto(`${bureau.origin}/review/filings/${no}`);
  await page.screenshot({ path: path.join(shots, "06-review.png"), fullPage: true });
  await withAgent(page, () => page.click("#approve"), bureau.pin("reviewer-1"));
  await page.waitForLoadState();
  await page.goto(`${bureau.origin}/review/filings/${no}`);
  await page.screenshot({ path: path.join(shots, "07-approved.png"), fullPage: true });
  check("the filing is done", (await page.getAttribute("#state", "data-state") ?? await page.textContent("#state")).match(/done|办结/), await page.textContent("#state"));
}

/* The receipt behind the page's link, as the one who is logged in there gets it. */
// Exit status and verdict of the static verifier, with only the root's digest in hand.
function verify(bureau, bytes) {
  const name = path.join(bureau.dir, "receipt.yxr");
  writeFileSync(name, bytes);
  const root = readFileSync(path.join(bureau.data, "root.sm3"), "utf8").trim();
  const run = spawnSync(bureau.program("yinxin-verify"), [name, "--root", root], { encoding: "utf8", env: bureau.readerEnv });
  return { status: run.status, said: run.stdout + run.stderr };
}

async function receipt(page, bureau, where, no) {
  await page.goto(where);
  const href = await page.getAttribute("#receipt", "href");
  let status = 0;
  for (let i = 0; i < 20 && status !== 200; i++) { // until the next signed head covers it
    if (i > 0) await page.waitForTimeout(500);
    const got = await page.request.get(new URL(href, page.url()).href);
    status = got.status();
    if (status !== 200) continue;
    const body = await got.body();
    check(`${href} is a file`, (got.headers()["content-disposition"] ?? "").includes(`${no}.yxr`) && body.length > 1000, body.length);
    const good = verify(bureau, body);
    check("the receipt proves itself offline", good.status === 0 && good.said.includes("回执有效"), good.said.slice(-600));
    body[Math.floor(body.length / 2)] ^= 1;
    const bad = verify(bureau, body);
    check("with one bit changed it is refused", bad.status === 1 && bad.said.includes("回执无效"), bad.said.slice(-300));
  }
  if (status !== 200) check(`${href} is a file`, false, status);
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("filing");
  try {
    const own = async () => (await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 } })).newPage();
    const unit = await own();
    const officer = await own();
    const no = await file(unit, bureau, shots);
    await approve(officer, bureau, no, shots);
    await receipt(officer, bureau, `${bureau.origin}/review/filings/${no}`, no);
    bureau.only("operator-1");
    await login(unit, bureau, "operator-1", "/unit");
    await unit.screenshot({ path: path.join(shots, "08-unit.png"), fullPage: true });
    check("the unit's staff are listed", /测试职工甲.*430102\*{8}9914.*养老、失业、工伤/.test((await unit.textContent("table:has(caption)")).replace(/\s+/g, " ")), await unit.textContent("main"));
    await receipt(unit, bureau, `${bureau.origin}/filings/${no}`, no);
  } catch (e) {
    check("the filing ran to its end", false, `${e.message.split("\n")[0]} ${e.stack.split("\n").slice(1, 6).join(" ")}`);
    for (const [i, p] of browser.contexts().flatMap((c) => c.pages()).entries())
      await p.screenshot({ path: path.join(shots, `failure-${i}.png`), fullPage: true }).catch(() => {});
    console.log(bureau.logs().split("\n").filter((l) => /lvl=(warn|error)/.test(l)).join("\n"));
  }
  await browser.close();
  await bureau.stop();
  bureau.remove_files();
  finish();
}
main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
