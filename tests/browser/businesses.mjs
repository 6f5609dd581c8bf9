// One person from enrolment to stop, through the pages as the definitions draw them: B03, his wage (B15), B04 and what it
// refuses, and 稳岗返还 (B16) with its two reviews and its document. TAP.   usage: node businesses.mjs BUILD_DIR
import path from "node:path";
import { Bureau, cn, fill, login, openBrowser, screenshotDir, withAgent } from "./lib.mjs";
import { check, finish } from "./tap.mjs";

const after = (month, n) => {
  const at = Number(month.slice(0, 4)) * 12 + Number(month.slice(4)) - 1 + n;
  return String(Math.floor(at / 12) * 100 + (at % 12) + 1);
};

class Hall {
  constructor(bureau, browser, shots) {
    Object.assign(this, { bureau, browser, shots, taken: 0 });
  }

  async page() {
    const context = await this.browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 } });
    return context.newPage();
  }

  async shot(page, name) {
    this.taken += 1;
    await page.screenshot({ path: path.join(this.shots, `${String(this.taken).padStart(2, "0")}-${name}.png`), fullPage: true });
  }

  async begin(code) {
    await this.as(this.unit, "operator-1", "/unit");
    await this.unit.goto(`${this.bureau.origin}/filings`);
    await this.unit.click(`#new-${code}`);
    await this.unit.waitForURL(/\/filings\/[^/]+\/form/);
    return this.unit;
  }

  async as(page, key, home) {
    this.bureau.only(key);
    await login(page, this.bureau, key, home);
  }

  // To the check page, through the uploads.
  async toCheck(code) {
    await this.shot(this.unit, `${code}-form`);
    await this.unit.click("#next");
    if (/upload/.test(this.unit.url())) await this.unit.click("#next");
    await this.unit.waitForURL(/\/check/);
    await this.shot(this.unit, `${code}-check`);
  }

  async sign(code) {
    await this.toCheck(code);
    check(`${code}: the check page offers the signature`, await this.unit.isVisible("#sign"), await this.unit.textContent("main"));
    await withAgent(this.unit, () => this.unit.click("#sign"), this.bureau.pin("operator-1"));
    await this.unit.waitForSelector("#state", { timeout: 15000 });
    return new URL(this.unit.url()).pathname.split("/").pop();
  }

  async decide(no, key, button) {
    await this.as(this.officer, key, "/review");
    await this.officer.goto(`${this.bureau.origin}/review/filings/${no}`);
    await this.shot(this.officer, `review-${button}`);
    await withAgent(this.officer, () => this.officer.click(`#${button}`), this.bureau.pin(key));
    await this.officer.waitForLoadState();
  }

  async state(no) {
    await this.as(this.unit, "operator-1", "/unit");
    await this.unit.goto(`${this.bureau.origin}/filings/${no}`);
    return this.unit.getAttribute("#state", "data-state");
  }
}

const WHO = { id_no: "430102199003079914", name: "测试职工甲" };

async function enrol(hall) {
  const page = await hall.begin("B03");
  const month = await page.inputValue("#period");
  await fill(page, { ...WHO, id_type: "01", gender: "1", enrol_type: "A", ins_110: "1", ins_210: "1", ins_410: "1", mobile: "13000000004",
    start_month: month, hire_date: cn(-3).slice(0, 10), contract_type: "2", contract_from: cn(-3).slice(0, 10), employ_form: "01", wage: "8765.43" });
  const no = await hall.sign("B03");
  await hall.decide(no, "reviewer-1", "approve");
  check("B03 is done", await hall.state(no) === "done");
  return month;
}

async function wages(hall, month) {
  const page = await hall.begin("B15");
  await fill(page, { ...WHO, kind: "1", from_month: after(month, 1), wage: "9100" });
  const no = await hall.sign("B15");
  await hall.decide(no, "reviewer-1", "approve");
  check("B15 is done", await hall.state(no) === "done");
}

async function stop(hall, month) {
  const page = await hall.begin("B04");
  await fill(page, { ...WHO, period: month, scope: "1", stop_month: month, reason: "201" });
  await hall.toCheck("B04-refused");
  const said = await page.textContent("main");
  check("B04: a reason that belongs elsewhere is told with its remedy", said.includes("B04-05") && said.includes("请办理退休或终止参保"), said);
  check("B04: there is nothing to sign then", !(await page.isVisible("#sign")));
  await page.goto(page.url().replace(/\/check.*/, "/form"));
  await fill(page, { reason: "113" });
  const no = await hall.sign("B04");
  await hall.decide(no, "reviewer-1", "approve");
  check("B04 is done", await hall.state(no) === "done");
  await page.click("#document-receipt");
  await page.waitForURL(/documents\/receipt/);
  await hall.shot(page, "B04-document");
  check("its document names the person", (await page.textContent("main")).includes("测试职工甲"), await page.textContent("main"));
  await page.goto(`${hall.bureau.origin}/unit`);
  await hall.shot(page, "unit");
}

async function refund(hall) {
  const page = await hall.begin("B16");
  await fill(page, { year: "2026", staff_first: "20", staff_last: "21", paid: "36000", bank_name: "测试银行长沙分行", bank_account: "6200000000000000019",
    bankrupt: "0", statement: "职工生活补助\n\n转岗培训" });
  const no = await hall.sign("B16");
  await hall.decide(no, "reviewer-1", "accept");
  await hall.decide(no, "reviewer-1", "approve");
  check("B16 waits for the second review", await hall.state(no) === "review2");
  await hall.decide(no, "reviewer-2", "approve");
  check("B16 is done", await hall.state(no) === "done");
  check("a business without persons shows none", !(await hall.unit.isVisible("#people")));
  await hall.unit.click("#document-decision");
  await hall.unit.waitForURL(/documents\/decision/);
  await hall.shot(hall.unit, "B16-document");
  check("its document is the decision", (await hall.unit.textContent("#document")) === "稳岗返还审核决定");
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const hall = new Hall(bureau, browser, screenshotDir("businesses"));
  try {
    hall.unit = await hall.page();
    hall.officer = await hall.page();
    const month = await enrol(hall);
    await wages(hall, month);
    await stop(hall, month);
    await refund(hall);
  } catch (e) {
    check("the businesses ran to their end", false, `${e.message.split("\n")[0]} ${e.stack.split("\n").slice(1, 6).join(" ")}`);
    for (const page of [hall.unit, hall.officer]) await hall.shot(page, "failure").catch(() => {});
    console.log(bureau.logs().split("\n").filter((l) => /lvl=(warn|error)/.test(l)).join("\n"));
  }
  await browser.close();
  await bureau.stop();
  bureau.remove_files();
  finish();
}
main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
