// Every page, in both modes, on a desktop and at 360 px: axe-core finds nothing, nothing overflows, no request leaves the
// machine, no script error, and no PIN travels to the portal. TAP.   usage: node pages.mjs BUILD_DIR
import { readFileSync } from "node:fs";
import path from "node:path";
import { Bureau, openBrowser, root, screenshotDir } from "./lib.mjs";
import { check, finish } from "./tap.mjs";

const axe = readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const PUBLIC = ["/", "/guide", "/downloads", "/faq", "/windows", "/verify", "/jobs", "/cert", "/login", "/no-such-page"];
const BEHIND = {
  "clerk-1": ["/desk", "/desk/new"], "reviewer-1": ["/review", "/desk", "/review/filings"], "maker-1": ["/desk"],
  "operator-1": ["/unit", "/unit/bill", "/unit/account", "/inbox", "/filings"], "person-1": ["/person"], "auditor-1": ["/audit"],
  "security-1": ["/admin"], "system-1": ["/admin"],
};
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

async function look(page, bureau, address, mode, size, shots) {
  const errors = [];
  const onError = (e) => errors.push(String(e));
  page.on("pageerror", onError);
  const answer = await page.goto(bureau.origin + address, { waitUntil: "load" });
  const name = `${address} ${mode} ${size}`;
  await page.screenshot({ path: path.join(shots, `${address.slice(1).replaceAll("/", "-") || "home"}-${mode}-${size}.png`), fullPage: true });
  // The page's own policy forbids inline script; the test's script enters through the debugger, which the policy permits.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } }));
  check(`${name}: axe finds nothing`, found.violations.length === 0,
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")} ${v.nodes[0].failureSummary}`).join("\n"));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: no sideways scrolling`, wide <= 0, `${wide} px too wide`);
  const small = await page.evaluate((elder) => parseFloat(getComputedStyle(document.querySelector("main p, main li, main dd, main td") ?? document.body).fontSize) < (elder ? 22 : 18) - 0.5, mode === "elder");
  check(`${name}: text is large enough`, !small);
  check(`${name}: no script error`, errors.length === 0, errors.join("\n"));
  check(`${name}: answered`, [200, 404].includes(answer.status()) && new URL(page.url()).pathname === address, `${answer.status()} ${page.url()}`);
  page.off("pageerror", onError);
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("pages");
  try {
    for (const [who, pages] of [[null, PUBLIC], ...Object.entries(BEHIND)]) {
      const context = await browser.newContext({ locale: "zh-CN" });
      const outside = [];
      context.on("request", (r) => { const u = new URL(r.url()); if (!["localhost", "127.0.0.1"].includes(u.hostname) && u.protocol !== "data:") outside.push(r.url()); });
      if (who) {
        bureau.only(who);
        const [name, value] = bureau.yxkeyLogin(who);
        await context.addCookies([{ name, value, url: bureau.origin }]);
      }
      const page = await context.newPage();
      for (const mode of ["standard", "elder"]) {
        await context.addCookies([{ name: `yx_mode_${new URL(bureau.origin).port}`, value: mode, url: bureau.origin }]);
        for (const [size, viewport] of Object.entries(SIZES)) {
          await page.setViewportSize(viewport);
          for (const address of pages) await look(page, bureau, address, mode, size, shots);
        }
      }
      check(`${who ?? "public"}: nothing was asked of other machines`, outside.length === 0, outside.join("\n"));
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
