// Officers of the wrong role or district, the second review, two officers at once, the same answer twice, the back button, and a
// correction of what was approved. Real HTTP, real signatures by keys in their holders' hands (tests/fault/sign_tool), pages as
// the people see them without script. TAP.   usage: node officers.mjs BUILD_DIR
import { execFileSync } from "node:child_process";
import path from "node:path";
import { Bureau, openBrowser, screenshotDir } from "./lib.mjs";
import { Person, draft, filed, monthAt, queue, row, state, version } from "./people.mjs";
import { check, finish } from "./tap.mjs";

// --- the parts ---

async function wrongPeople(p, no) {
  for (const name of ["clerk", "maker", "operator"]) {
    const list = await p[name].ask("GET", "/review/filings");
    const one = await p[name].ask("GET", `/review/filings/${no}`);
    const act = await p[name].approve(no);
    check(`the ${name} neither sees the queue nor decides`, [list, one, act].every((a) => a.status === 403 && a.code && a.remedy), [list, one, act]);
  }
  const list = await queue(p.far);
  const one = await p.far.ask("GET", `/review/filings/${no}`);
  const text = await p.far.approve(no);
  check("the reviewer of another district does not see it", !list.some((f) => f.no === no), list);
  check("he cannot open it", one.status === 404 && one.code === "F-021" && one.remedy, one);
  check("he cannot have it shown to be signed", text.status === 404 && text.code === "F-021" && text.remedy, text);
  // what was shown to one and is signed by another
  const shown = (await p.first.ask("POST", "/review/filings/text", { json: { step: "approve", no, opinion: "" } })).said.statement;
  const stolen = await p.far.ask("POST", "/review/filings/act", { json: { step: "approve", statement: shown, ...(await p.far.sign(shown)) } });
  check("what was shown to a colleague he cannot sign", stolen.status >= 400 && stolen.code && stolen.remedy, stolen);
  const foreign = await p.far.ask("POST", "/review/filings/act", { json: { step: "approve", statement: shown, ...(await p.first.sign(shown)) } });
  check("nor bring the colleague's signature in his own session", foreign.status >= 400 && foreign.code && foreign.remedy, foreign);
}

async function secondReview(p, browser, shots) {
  const no = await filed(p.operator, row(0, monthAt(-1)));
  await wrongPeople(p, no);
  const one = await p.first.approve(no);
  check("the first review passes", one.status === 200, one);
  check("a back-dated filing then waits for the second", (await state(p.operator, no)) === "review2", await state(p.operator, no));
  const again = await p.first.approve(no);
  check("the same person is refused", again.status >= 400 && again.status < 500 && again.code && again.remedy, again);
  const mine = (await queue(p.first)).find((f) => f.no === no);
  check("his queue shows it without a tick", mine && !mine.can_approve, mine);
  const page = await p.first.page(browser);
  await page.goto(`${p.bureau.origin}/review/filings/${no}`);
  await page.screenshot({ path: path.join(shots, "01-first-reviewer.png"), fullPage: true });
  check("his page has no button to approve", (await page.locator("#approve").count()) === 0);
  const returned = await p.first.act("/review/filings", "return", { no, defects: "第1行:再看一次" });
  check("nor may he return it now", returned.status >= 400 && returned.code && returned.remedy, returned);
  const other = await p.second.page(browser);
  await other.goto(`${p.bureau.origin}/review/filings/${no}`);
  await other.screenshot({ path: path.join(shots, "02-second-reviewer.png"), fullPage: true });
  check("the second reviewer has the button", (await other.locator("#approve").count()) === 1);
  const far = await p.far.page(browser);
  await far.goto(`${p.bureau.origin}/review/filings/${no}`);
  await far.screenshot({ path: path.join(shots, "03-other-district.png"), fullPage: true });
  check("the page of another district says what it would of no filing at all, and what to do", /F-021/.test(await far.textContent("body")), await far.textContent("body"));
  const two = await p.second.approve(no);
  check("the second review finishes it", two.status === 200 && (await state(p.operator, no)) === "done", two);
  const names = (await p.second.ask("GET", `/review/filings/${no}`)).said.events?.filter((e) => /审核通过/.test(JSON.stringify(e))).length;
  check("both are in its story", names === 2, names);
}

async function twoAtOnce(p) {
  const no = await filed(p.operator, row(1, monthAt(0)));
  const acts = await Promise.all([p.first, p.second].map(async (who) => ({ who, ...(await who.prepare("/review/filings", "approve", { no, opinion: "同意" })) })));
  const press = (a) => a.who.ask("POST", "/review/filings/act", { json: a.act });
  const said = await Promise.all([...acts, ...acts].map(press)); // each of them presses twice
  const won = acts.filter((a, i) => said[i].status === 200);
  const lost = said.filter((a) => a.status !== 200);
  check("two officers at once: one wins", won.length === 1, said);
  check("the other is told that it changed, and what to do", lost.length === 2 && lost.every((a) => a.status === 409 && a.code && a.remedy), lost);
  check("pressing twice is answered the same", said.filter((a) => a.status === 200).length === 2 && said.filter((a) => a.status === 200).every((a) => a.said.next === "/review/filings?done=1&failed=0"), said);
  const later = await press(won[0]);
  check("the same statement once more, later: the same answer", later.status === 200 && later.said.next === "/review/filings?done=1&failed=0", later);
  const story = (await won[0].who.ask("GET", `/review/filings/${no}`)).said;
  check("and it was done once", JSON.stringify(story.events).split("审核通过").length === 2, story.events);
  return no;
}

// The form of an older version comes back: refused, nothing overwritten.
async function backButton(p, browser, shots) {
  const no = await draft(p.operator, row(2, monthAt(0)));
  const page = await p.operator.page(browser);
  await page.goto(`${p.bureau.origin}/filings/${no}/form`);
  const now = row(2, monthAt(0), { wage: "9000" });
  const v = await version(p.operator, no);
  const meanwhile = await p.operator.ask("POST", `/filings/${no}/form`, { form: { version: v, ...now } });
  check("another tab saves", meanwhile.status === 303, meanwhile);
  await page.fill("[name=wage]", "7777.77");
  await page.click("#next");
  await page.screenshot({ path: path.join(shots, "04-old-form.png"), fullPage: true });
  const text = await page.textContent("body");
  check("the old form is refused with code and remedy", /S-012/.test(text) && !/upload|check/.test(page.url()), text);
  const stored = (await p.operator.ask("GET", `/filings/${no}/check`)).said;
  check("and has overwritten nothing", JSON.stringify(stored).includes("9000.00") && !JSON.stringify(stored).includes("7777.77"));
  check("what was typed is shown again", (await page.locator("#stale").count()) === 1 && (await page.inputValue("[name=wage]")) === "7777.77"
    && (await page.isChecked("#ins_110")) && (await page.inputValue("[name=contract_type]")) === "2", text);
  const api = await p.operator.ask("POST", `/filings/${no}/form`, { form: { version: v, ...now } });
  check("and the same as JSON has its code and remedy", api.status === 409 && api.code === "S-012" && api.remedy, api);
  await page.click("#save");
  check("saved again from there, it counts", JSON.stringify((await p.operator.ask("GET", `/filings/${no}/check`)).said).includes("7777.77"), page.url());
  // the page with the statement of the older version
  const old = await p.operator.prepare(`/filings/${no}`, "submit");
  await p.operator.ask("POST", `/filings/${no}/form`, { form: { version: await version(p.operator, no), ...row(2, monthAt(0), { wage: "9100" }) } });
  const late = await p.operator.ask("POST", `/filings/${no}/act`, { json: old.act });
  check("what was shown before the change cannot be filed", late.status === 409 && late.code && late.remedy && (await state(p.operator, no)) === "draft", late);
  const good = await p.operator.prepare(`/filings/${no}`, "submit");
  const both = await Promise.all([1, 2].map(() => p.operator.ask("POST", `/filings/${no}/act`, { json: good.act })));
  check("filing pressed twice is filed once", both.every((a) => a.status === 200 && a.said.next === `/filings/${no}`), both);
}

async function correction(p, no, browser, shots) {
  const made = await p.operator.ask("POST", `/filings/${no}/correct`, { form: {} });
  const fresh = made.to?.split("/")[2];
  check("what was approved can be corrected by another filing", made.status === 303 && fresh && fresh !== no, made);
  await p.operator.ask("POST", `/filings/${fresh}/form`, { form: { version: await version(p.operator, fresh), go: "next", ...row(1, monthAt(0), { wage: "10000" }) } });
  const a = await p.operator.act(`/filings/${fresh}`, "submit");
  check("the correction is filed though the person is enrolled", a.status === 200, a);
  const b = await p.first.approve(fresh);
  check("and approved", b.status === 200 && (await state(p.operator, no)) === "corrected", b);
  const page = await p.operator.page(browser);
  await page.goto(`${p.bureau.origin}/filings/${no}`);
  await page.screenshot({ path: path.join(shots, "05-corrected.png"), fullPage: true });
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("officers");
  const p = { bureau };
  try {
    for (const [as, key] of Object.entries({ operator: "operator-1", clerk: "clerk-1", maker: "maker-1", first: "reviewer-1", second: "reviewer-2", far: "reviewer-3" }))
      p[as] = new Person(bureau, key);
    await secondReview(p, browser, shots);
    const no = await twoAtOnce(p);
    await backButton(p, browser, shots);
    await correction(p, no, browser, shots);
    await new Promise((done) => setTimeout(done, 2500));
    const verify = execFileSync(bureau.program("yinxin"), ["log", "verify"], { env: bureau.env, encoding: "utf8" });
    check("the log finds nothing wrong with all of it", verify.length > 0, verify);
  } catch (e) {
    check("the officers' day ran to its end", false, `${e.message.split("\n")[0]} ${e.stdout ?? ""}${e.stderr ?? ""} ${e.stack.split("\n").slice(1, 6).join(" ")}`);
    console.log(bureau.logs().split("\n").filter((l) => /lvl=(warn|error)/.test(l)).join("\n"));
  }
  for (const who of Object.values(p)) if (who instanceof Person) who.done();
  await browser.close();
  await bureau.stop();
  bureau.remove_files();
  finish();
}
main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
