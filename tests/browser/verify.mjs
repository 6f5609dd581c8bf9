// The page /verify before and after an upload, a good receipt and a spoiled one, in both modes, on a desktop and at 360 px:
// axe-core finds nothing, nothing overflows; and once without JavaScript. TAP.   usage: node verify.mjs BUILD_DIR
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Bureau, openBrowser, root, screenshotDir } from "./lib.mjs";
import { check, finish } from "./tap.mjs";

const axe = readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

// The first case in the clerk's list that has a receipt.
async function receiptOf(bureau) {
  bureau.only("clerk-1");
  const [name, value] = bureau.yxkeyLogin("clerk-1");
  const headers = { Cookie: `${name}=${value}` };
  const desk = await (await fetch(`${bureau.origin}/desk`, { headers })).text();
  for (const [, no] of desk.matchAll(/href="\/desk\/cases\/([0-9A-Za-z-]+)"/g)) {
    const answer = await fetch(`${bureau.origin}/desk/cases/${no}/receipt`, { headers });
    if (answer.ok) return { no, bytes: Buffer.from(await answer.arrayBuffer()) };
  }
  throw new Error("no case with a receipt on the desk");
}

async function upload(page, bureau, file) {
  await page.goto(`${bureau.origin}/verify`);
  await page.setInputFiles("#receipt", file);
  await Promise.all([page.waitForNavigation(), page.click("#check")]);
}

async function look(page, name, mode, shots) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } }), TAGS);
  check(`${name}: axe finds nothing`, found.violations.length === 0,
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")} ${v.nodes[0].failureSummary}`).join("\n"));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, wide <= 0, `${wide} px too wide`);
  const small = await page.evaluate((least) => [...document.querySelectorAll("main p, main dd, main li")]
    .filter((e) => !e.closest("details") && !e.classList.contains("yx-hint") && !e.classList.contains("govuk-hint") && parseFloat(getComputedStyle(e).fontSize) < least).length, mode === "elder" ? 21.5 : 17.5);
  check(`${name}: text is large enough`, small === 0, `${small} too small`);
  await page.screenshot({ path: path.join(shots, `${name.replaceAll(" ", "-")}.png`), fullPage: true });
}

async function shown(page, bureau, files, mode, size, shots) {
  const name = (state) => `${state} ${mode} ${size}`;
  await page.goto(`${bureau.origin}/verify`);
  await look(page, name("empty"), mode, shots);
  await upload(page, bureau, files.good);
  check(name("good: valid"), await page.getAttribute("#verdict", "data-valid") === "true");
  check(name("good: the verdict is what is seen first"), (await page.locator("#verdict").boundingBox()).y < (await page.locator("#acts-title").boundingBox()).y);
  check(name("good: address without anything"), page.url() === `${bureau.origin}/verify`, page.url());
  await look(page, name("good"), mode, shots);
  const summary = page.locator("summary").first();
  await summary.focus();
  await page.keyboard.press("Enter");
  check(name("good: the statement opens by keyboard"), await page.locator("pre.yx-signed").first().isVisible());
  await look(page, name("open"), mode, shots);
  await upload(page, bureau, files.bad);
  check(name("bad: refused"), await page.getAttribute("#verdict", "data-valid") === "false");
  check(name("bad: the fault is named, no acts"), (await page.textContent("#fault")).length > 1 && await page.locator("#acts-title").count() === 0);
  await look(page, name("bad"), mode, shots);
}

async function withoutScript(browser, bureau, files) {
  const context = await browser.newContext({ locale: "zh-CN", javaScriptEnabled: false });
  const page = await context.newPage();
  await upload(page, bureau, files.good);
  check("without JavaScript: valid", (await page.textContent("#verdict")).includes("回执有效"));
  await upload(page, bureau, files.bad);
  check("without JavaScript: refused", (await page.textContent("#verdict")).includes("第一处错误是"));
  await page.goto(`${bureau.origin}/verify`);
  await page.setInputFiles("#receipt", files.large);
  await Promise.all([page.waitForNavigation(), page.click("#check")]);
  const text = await page.textContent("body");
  check("over sixteen MiB: refused, with the way out", text.includes("文件过大") && text.includes("yinxin-verify"), text.slice(0, 400));
  await context.close();
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("verify");
  try {
    const { bytes } = await receiptOf(bureau);
    const files = { good: path.join(bureau.dir, "good.yxr"), bad: path.join(bureau.dir, "bad.yxr"), large: path.join(bureau.dir, "large.yxr") };
    const spoiled = Buffer.from(bytes);
    spoiled[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(files.good, bytes);
    writeFileSync(files.bad, spoiled);
    writeFileSync(files.large, Buffer.alloc((16 << 20) + 1));
    for (const mode of ["standard", "elder"])
      for (const [size, viewport] of Object.entries(SIZES)) {
        const context = await browser.newContext({ locale: "zh-CN", viewport });
        await context.addCookies([{ name: `yx_mode_${new URL(bureau.origin).port}`, value: mode, url: bureau.origin }]);
        const page = await context.newPage();
        const errors = [];
        page.on("pageerror", (e) => errors.push(String(e)));
        await shown(page, bureau, files, mode, size, shots);
        check(`${mode} ${size}: no script error`, errors.length === 0, errors.join("\n"));
        await context.close();
      }
    await withoutScript(browser, bureau, files);
  } finally {
    await browser.close();
    await bureau.stop();
    bureau.remove_files();
  }
  finish();
}

main().catch((e) => { console.log(`not ok - ${e.stack}`); process.exit(1); });
