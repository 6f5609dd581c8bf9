// The bill's pages with a thousand persons, in both modes, on a desktop and at 360 px: axe-core finds nothing, the page does not
// scroll sideways; and as paper. Started by tests/scenario/bill.py --look, which has filed them. TAP lines without a plan.
// usage: node bill.mjs ORIGIN COOKIE FIRST_NUMBER ADDRESS...
import { readFileSync } from "node:fs";
import path from "node:path";
import { openBrowser, root, screenshotDir } from "./lib.mjs";

const axe = readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const [origin, cookie, first, ...addresses] = process.argv.slice(2);
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };
let number = Number(first);
let failed = 0;

function check(name, ok, detail) {
  if (!ok) failed += 1;
  console.log(`${ok ? "ok" : "not ok"} ${number} - ${name}`);
  if (!ok && detail) console.log(`# ${String(detail).replaceAll("\n", "\n# ")}`);
  number += 1;
}

async function look(page, address, name, shots) {
  const answer = await page.goto(origin + address, { waitUntil: "load" });
  await page.screenshot({ path: path.join(shots, `${address.slice(1).replaceAll("/", "-")}-${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } }));
  check(`${address} ${name}: axe finds nothing`, answer.status() === 200 && found.violations.length === 0,
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).slice(0, 3).join(" | ")}`).join("\n"));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${address} ${name}: no sideways scrolling`, wide <= 0, `${wide} px too wide`);
}

const browser = await openBrowser();
try {
  const shots = screenshotDir("bill");
  const context = await browser.newContext({ locale: "zh-CN" });
  const at = cookie.indexOf("=");
  await context.addCookies([{ name: cookie.slice(0, at), value: cookie.slice(at + 1), url: origin }]);
  const page = await context.newPage();
  for (const mode of ["standard", "elder"]) {
    await context.addCookies([{ name: `yx_mode_${new URL(origin).port}`, value: mode, url: origin }]);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const address of addresses) await look(page, address, `${mode}-${size}`, shots);
    }
  }
  await context.addCookies([{ name: `yx_mode_${new URL(origin).port}`, value: "standard", url: origin }]);
  await page.goto(origin + addresses.at(-1));
  await page.pdf({ path: path.join(shots, "bill.pdf"), format: "A4", landscape: true });
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
