// The manual's pictures from those of a test run: the upper part of each, in the manual's size.
// usage: node tools/manual-pictures.mjs SHOTS   (YINXIN_SHOTS of a run of the suites story and pages)
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser } from "../tests/browser/lib.mjs";

const PAGE = { width: 1280, height: 900 }, WINDOW = { width: 560, height: 720 };
const pictures = [
  ["home", "pages/public--standard-desktop.png", PAGE],
  ["denglu", "story/08-login.png", PAGE],
  ["zhushou", "story/05-agent-sign.png", WINDOW],
  ["danwei", "story/09-unit.png", PAGE],
  ["banjie", "story/06-done.png", PAGE],
  ["biaoge", "story/13-faults.png", PAGE],
  ["hedui", "story/12-check.png", PAGE],
  ["heyan", "story/21-verify.png", PAGE],
];
const to = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), "docs/manual/zh/img");
const browser = await openBrowser();
const page = await browser.newPage();
for (const [name, from, size] of pictures) {
  const octets = readFileSync(path.join(process.argv[2], from)).toString("base64");
  await page.setViewportSize(size);
  await page.setContent(`<body style="margin:0"><img alt="" style="display:block" src="data:image/png;base64,${octets}">`);
  await page.waitForFunction(() => document.images[0].complete);
  await page.screenshot({ path: path.join(to, `${name}.png`) });
}
await browser.close();
