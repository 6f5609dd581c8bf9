// The second half of the story: the operator files B03 by form and by spreadsheet, the reviewer returns one once and approves
// both with one signature, the month's contribution and the receipt follow.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fill, login, root, step, withAgent } from "./lib.mjs";

export const EMPLOYEES = 1000;
const PERSON = { id_type: "01", id_no: "430102199206159930", name: "测试职工甲", gender: "1", enrol_type: "A", ins_110: "1", ins_210: "1",
  ins_410: "1", mobile: "13000000004", contract_type: "2", employ_form: "01", wage: "8765.43" };

// The business month that the form offers: after the window's close it is the next one.
async function newDraft(page, bureau) {
  await page.goto(`${bureau.origin}/filings`);
  await page.click("#new-B03");
  await page.waitForURL(/\/filings\/[^/]+\/form/);
  return { no: new URL(page.url()).pathname.split("/")[2], period: await page.inputValue("#period") };
}

async function submit(page, pin) {
  await page.waitForURL(/\/check/);
  await page.waitForSelector("#sign");
  await withAgent(page, () => page.click("#sign"), pin);
  await page.waitForSelector('#state[data-state="submitted"]', { timeout: 60000 });
}

async function byForm(s, page) {
  const { no, period } = await newDraft(page, s.bureau);
  s.must(/^\d{6}$/.test(period), "the form offers the business month");
  await fill(page, { ...PERSON, start_month: period, hire_date: s.today(-3), contract_from: s.today(-3) });
  await s.shot(page, "11-form");
  await page.click("#next");
  await page.waitForURL(/\/upload/);
  await page.click("#next");
  await page.waitForURL(/\/check/);
  await s.shot(page, "12-check");
  await submit(page, s.pin);
  step(s.started, `填表申报一人增员 ${no}`);
  return no;
}

function employees(s, period, name, ...more) {
  const file = path.join(s.bureau.dir, name);
  execFileSync(path.join(root, "tools/make-employees"), ["-n", String(EMPLOYEES), "--seed", "3", "--period", period, ...more, "-o", file]);
  return file;
}

async function upload(s, page, no, file) {
  await page.goto(`${s.bureau.origin}/filings/${no}/sheet`);
  await page.setInputFiles("#sheet", file);
  await page.click("#send");
  await page.waitForURL(/\/check/, { timeout: 60000 });
}

async function bySheet(s, page) {
  const { no, period } = await newDraft(page, s.bureau);
  const expect = path.join(s.bureau.dir, "spoiled.json");
  await upload(s, page, no, employees(s, period, "spoiled.xlsx", "--spoil", "wrong-id:2,formula,bad-date", "--expect", expect));
  await s.shot(page, "13-faults");
  const csv = await (await page.request.get(`${s.bureau.origin}/filings/${no}/faults.csv`)).text();
  for (const [row, kind] of Object.entries(JSON.parse(readFileSync(expect, "utf8"))))
    s.must(new RegExp(`^"?${row}"?,`, "m").test(csv), `the list of faults names row ${row} (${kind})`);
  s.must(!(await page.isVisible("#sign")), "nothing is signed while rows have faults");
  step(s.started, `上传 ${EMPLOYEES} 人表格,4 行有问题并已逐行指出,问题清单已下载`);
  await upload(s, page, no, employees(s, period, "staff.xlsx"));
  await s.shot(page, "14-thousand");
  await submit(page, s.pin);
  step(s.started, `更正后的 ${EMPLOYEES} 人一次签名申报 ${no}`);
  return no;
}

async function sign(s, page, click, pin, state) {
  await withAgent(page, () => page.click(click), pin);
  await page.waitForSelector(state, { timeout: 60000 });
}

async function returned(s, page, officer, no) {
  s.bureau.only("reviewer-1");
  await login(officer, s.bureau, "reviewer-1", "/review");
  await officer.goto(`${s.bureau.origin}/review/filings/${no}`);
  await officer.fill("#defects", "申报说明没有写明用工地点\n请补充本次批量增员的原因");
  await s.shot(officer, "15-review");
  await sign(s, officer, "#return", s.bureau.pin("reviewer-1"), "#result");
  step(s.started, "审核员签名退回,一次性告知两项");
  s.bureau.only(s.key);
  await login(page, s.bureau, s.key, "/unit");
  await page.goto(`${s.bureau.origin}/filings/${no}`);
  s.must((await page.textContent("main")).includes("请补充本次批量增员的原因"), "the operator reads every defect");
  await s.shot(page, "16-returned");
  await page.click("#continue");
  await page.fill("#note", "用工地点为长沙市；本次增员因新生产线投产");
  await page.click("#next");
  await page.waitForURL(/\/upload/);
  await page.click("#next");
  await submit(page, s.pin);
  step(s.started, "经办人补正后重新签名申报");
}

async function approved(s, officer, nos) {
  s.bureau.only("reviewer-1");
  await login(officer, s.bureau, "reviewer-1", "/review");
  await officer.goto(`${s.bureau.origin}/review/filings`);
  for (const no of nos) await officer.check(`input[name="no"][value="${no}"]`);
  await s.shot(officer, "17-queue");
  await sign(s, officer, "#approve", s.bureau.pin("reviewer-1"), "#result");
  s.must((await officer.textContent("#result")).includes(`已办理 ${nos.length} 件`), "both are approved");
  await s.shot(officer, "18-approved");
  step(s.started, `审核员一次签名批量通过 ${nos.length} 件`);
}

async function staffAndBill(s, page) {
  s.bureau.only(s.key);
  await login(page, s.bureau, s.key, "/unit");
  s.must((await page.textContent("#staff-total")).includes(`共 ${EMPLOYEES + 1} 人`), "the unit's staff are all there");
  await s.shot(page, "19-unit");
  step(s.started, `单位页面列出 ${EMPLOYEES + 1} 名职工`);
  await page.click("#bills");
  await page.click('main a[href^="/unit/bill/"]');
  const bill = await page.textContent("main");
  s.must(bill.includes(`${EMPLOYEES + 1} 人`), "the month's bill counts them all");
  await s.shot(page, "20-bill");
  step(s.started, `缴费通知单:应缴总额 ${/应缴总额（元）\s*([\d,.]+)/.exec(bill)?.[1]} 元`);
}

// Exit status and words of the static verifier, with only the root's digest in hand; of the bureau's clock where that was moved.
function verify(bureau, file) {
  const digest = readFileSync(path.join(bureau.data, "root.sm3"), "utf8").trim();
  const run = spawnSync(bureau.program("yinxin-verify"), [file, "--root", digest], { encoding: "utf8", env: bureau.readerEnv });
  return { status: run.status, said: run.stdout + run.stderr };
}

async function download(s, page, no) {
  await page.goto(`${s.bureau.origin}/filings/${no}`);
  const href = await page.getAttribute("#receipt", "href");
  for (let i = 0; i < 30; i++) { // until a signed head covers the last act
    const got = await page.request.get(s.bureau.origin + href);
    if (got.status() === 200) return got.body();
    await page.waitForTimeout(500);
  }
  throw new Error(`no receipt of ${no}`);
}

async function receipt(s, page, no) {
  const bytes = await download(s, page, no);
  const out = path.join(s.bureau.build, "story");
  mkdirSync(out, { recursive: true });
  const file = path.join(out, `${no}.yxr`);
  writeFileSync(file, bytes);
  copyFileSync(path.join(s.bureau.data, "root.sm3"), path.join(out, "root.sm3"));
  const good = verify(s.bureau, file);
  s.must(good.status === 0 && good.said.includes("回执有效"), `the receipt proves itself: ${good.said.slice(-400)}`);
  const bad = Buffer.from(bytes);
  bad[Math.floor(bad.length / 3)] ^= 1;
  writeFileSync(`${file}.changed`, bad);
  const refused = verify(s.bureau, `${file}.changed`);
  rmSync(`${file}.changed`);
  s.must(refused.status === 1 && refused.said.includes("回执无效"), "with one bit changed it is refused");
  step(s.started, `回执 ${(bytes.length / 1024).toFixed(0)} KiB 已下载,离线验证通过;改动一位即被发现`);
  await page.goto(`${s.bureau.origin}/verify`);
  await page.setInputFiles("#receipt", file);
  await page.click("#check");
  await page.waitForSelector('#verdict[data-valid="true"]');
  await s.shot(page, "21-verify");
  step(s.started, "验证页面逐步说明回执");
  return file;
}

// s: bureau, key (the operator's), pin, started, must(), shot(), today(), own() for a new page. The receipt's path.
export async function filingStory(s, page) {
  const first = await byForm(s, page);
  const second = await bySheet(s, page);
  const officer = await s.own();
  await returned(s, page, officer, second);
  await approved(s, officer, [first, second]);
  await staffAndBill(s, page);
  return receipt(s, page, second);
}
