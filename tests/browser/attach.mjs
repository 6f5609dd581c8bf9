// Attachments from the upload page to the officer's eyes: a picture and a document added, removed, added again; what is refused;
// filed with one PIN, and the statement names each digest; the reviewer sees pictures of ours, compares, approves. TAP.
//   usage: node attach.mjs BUILD_DIR
import { createHash } from "node:crypto";
import path from "node:path";
import { deflateSync } from "node:zlib";
import { Bureau, cn, elderPhone, login, openBrowser, screenshotDir, withAgent } from "./lib.mjs";
import { check, finish } from "./tap.mjs";


// --- files, made here ---

const crcTable = Array.from({ length: 256 }, (_, n) => { let c = n; for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1; return c >>> 0; });
const crc = (bytes) => { let c = 0xffffffff; for (const b of bytes) c = crcTable[(c ^ b) & 255] ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0; };

function png(w, h, draw) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(w, 0);
  head.writeUInt32BE(h, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(h * (1 + w * 3));
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) rows.set(draw(x, y), y * (1 + w * 3) + 1 + x * 3);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

// Pages of filled boxes: no font, whose absence would be a fault.
function pdf(pages, extra = "") {
  const objects = [`<</Type/Catalog/Pages 2 0 R${extra}>>`, `<</Type/Pages/Count ${pages}/Kids[${Array.from({ length: pages }, (_, i) => `${3 + 2 * i} 0 R`).join(" ")}]>>`];
  for (let i = 0; i < pages; i++) {
    const draw = `0.1 0.3 0.6 rg 60 ${700 - 40 * i} 300 60 re f 0.8 g 60 300 480 120 re f`;
    objects.push(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents ${4 + 2 * i} 0 R/Resources<<>>>>`, `<</Length ${draw.length}>>\nstream\n${draw}\nendstream`);
  }
  let text = "%PDF-1.4\n";
  const at = objects.map((o, i) => { const here = text.length; text += `${i + 1} 0 obj\n${o}\nendobj\n`; return here; });
  const xref = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("")}`;
  return Buffer.from(`${text}trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${xref}\n%%EOF\n`, "latin1");
}

const sm3 = (bytes) => createHash("sm3").update(bytes).digest("hex");
const picture = png(900, 1200, (x, y) => (x < 40 || y < 40 || x > 860 || y > 1160 ? [20, 60, 120] : [240, (x * 200) / 900, (y * 200) / 1200]));
const contract = pdf(3);

// --- the pages ---

async function upload(page, slot, name, mimeType, buffer) {
  await page.setInputFiles(`#file-${slot}`, { name, mimeType, buffer });
  await Promise.all([page.waitForNavigation(), page.click(`[data-upload="${slot}"]`)]);
}

const names = (page) => page.$$eval(".yx-file a[download]", (l) => l.map((a) => a.textContent));
const shown = (page) => page.$$eval(".yx-thumbs img", async (l) => {
  for (const i of l) { i.loading = "eager"; await i.decode().catch(() => {}); }
  return l.filter((i) => i.naturalWidth > 0).length;
});

async function draft(page, bureau) {
  bureau.only("operator-1");
  await login(page, bureau, "operator-1", "/unit");
  await page.goto(`${bureau.origin}/filings`);
  await page.click("#new-B03");
  await page.waitForURL(/\/filings\/[^/]+\/(form|sheet)/);
  const no = new URL(page.url()).pathname.split("/")[2];
  await page.goto(`${bureau.origin}/filings/${no}/form`);
  const month = await page.inputValue("#period"); // after the 25th the next one
  const values = { period: month, id_no: "430102199003079914", name: "测试职工甲", mobile: "13000000004", start_month: month,
    hire_date: cn(-3).slice(0, 10), contract_from: cn(-3).slice(0, 10), wage: "8765.43" };
  for (const [k, v] of Object.entries(values)) await page.fill(`[name="${k}"]`, v);
  for (const [k, v] of Object.entries({ id_type: "01", gender: "1", enrol_type: "A", contract_type: "2", employ_form: "01" }))
    await page.selectOption(`[name="${k}"]`, v);
  for (const k of ["ins_110", "ins_210", "ins_410"]) await page.check(`[name="${k}"]`);
  await page.click("#next");
  await page.waitForURL(/\/upload/);
  return no;
}

async function add(page, bureau, no, shots) {
  await page.screenshot({ path: path.join(shots, "01-empty.png"), fullPage: true });
  await upload(page, "identity", "证件 正面.png", "image/png", picture);
  await upload(page, "contract", "劳动合同.pdf", "application/pdf", contract);
  check("a picture and a document are added", (await names(page)).join() === "劳动合同.pdf,证件 正面.png", (await names(page)).join());
  check("their previews are pictures", (await shown(page)) === 4, String(await shown(page)));
  await page.screenshot({ path: path.join(shots, "02-added.png"), fullPage: true });
  for (const [name, bytes, code] of [["又一份.pdf", contract, "F-065"], ["脚本.pdf", pdf(1, "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "F-058"],
    ["长.pdf", pdf(51), "F-057"], ["坏.pdf", contract.subarray(0, 700), "F-056"], ["坏.png", picture.subarray(0, picture.length - 900), "F-052"],
    ["程序.pdf", Buffer.from("MZ not a document at all"), "F-061"]]) {
    await upload(page, "contract", name, "application/pdf", bytes);
    check(`${name} is refused with ${code}`, (await page.textContent("main")).includes(code), await page.textContent("main"));
  }
  await page.screenshot({ path: path.join(shots, "03-refused.png"), fullPage: true });
  await page.goto(`${bureau.origin}/filings/${no}/upload`);
  await Promise.all([page.waitForNavigation(), page.click("[data-remove] >> nth=0")]);
  check("the document is removed", (await names(page)).join() === "证件 正面.png", (await names(page)).join());
  await upload(page, "contract", "劳动合同.pdf", "application/pdf", contract);
  check("and added again", (await names(page)).length === 2, (await names(page)).join());
}

async function narrow(page, bureau, address, shot) {
  const wide = await elderPhone(page, bureau, address, shot);
  check(`${path.basename(address)} in elder mode fits 360 pixels`, wide <= 360, String(wide));
}

async function file(page, no, bureau, shots) {
  await narrow(page, bureau, `/filings/${no}/upload`, path.join(shots, "08-upload-elder-360.png"));
  await page.click("#next");
  await page.waitForURL(/\/check/);
  check("the check page shows both with four previews", (await shown(page)) === 4 && (await names(page)).length === 2, await page.textContent("main"));
  await page.screenshot({ path: path.join(shots, "04-check.png"), fullPage: true });
  await narrow(page, bureau, `/filings/${no}/check`, path.join(shots, "09-check-elder-360.png"));
  const text = page.waitForResponse((r) => r.url().endsWith(`/filings/${no}/text`)).then((r) => r.json());
  await withAgent(page, () => page.click("#sign"), bureau.pin("operator-1"));
  await page.waitForSelector("#state", { timeout: 15000 });
  const { statement } = await text;
  const lines = statement.split("\n").filter((l) => l.startsWith("attach"));
  check("the statement names both digests and sizes", lines.length === 2 && lines.some((l) => l.includes(`SM3=${sm3(picture)}`) && l.includes(`字节=${picture.length}`)) &&
    lines.some((l) => l.includes(`SM3=${sm3(contract)}`) && l.includes("劳动合同.pdf")), lines.join(" | "));
  check("the filing is with the bureau", /accepted|submitted/.test(await page.getAttribute("#state", "data-state") ?? ""), await page.textContent("#state"));
  await page.screenshot({ path: path.join(shots, "05-filed.png"), fullPage: true });
  await page.setViewportSize({ width: 360, height: 800 });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  check("nothing is cut off at 360 pixels", wide <= 360, String(wide));
  await page.screenshot({ path: path.join(shots, "06-narrow.png"), fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  const removed = await page.request.post(`${bureau.origin}/filings/${no}/attachments/1/remove`, { form: { version: "1", csrf: "x" } });
  check("what is filed cannot be removed", removed.status() >= 400, String(removed.status()));
}

async function fetchBytes(page, href) {
  return page.evaluate(async (u) => {
    const r = await fetch(u);
    const all = new Uint8Array(await r.arrayBuffer());
    return { status: r.status, type: r.headers.get("content-type"), sniff: r.headers.get("x-content-type-options"), how: r.headers.get("content-disposition"),
      csp: r.headers.get("content-security-policy"), bytes: Array.from(all) };
  }, href);
}

async function review(page, no, bureau, shots) {
  bureau.only("reviewer-1");
  await login(page, bureau, "reviewer-1", "/review");
  await page.goto(`${bureau.origin}/review/filings/${no}`);
  check("the reviewer sees all previews", (await shown(page)) === 4, String(await shown(page)));
  check("nothing is marked as changed", !(await page.textContent("main")).includes("与签名不一致"));
  await page.screenshot({ path: path.join(shots, "07-review.png"), fullPage: true });
  await narrow(page, bureau, `/review/filings/${no}`, path.join(shots, "10-review-elder-360.png"));
  const hrefs = await page.$$eval(".yx-file a[download]", (l) => l.map((a) => a.getAttribute("href")));
  const original = await fetchBytes(page, hrefs[0]);
  check("the original is a download, its octets as they came", original.status === 200 && original.how?.startsWith("attachment; filename=") &&
    original.type === "application/octet-stream" && original.sniff === "nosniff" && Buffer.from(original.bytes).equals(contract),
  JSON.stringify({ ...original, bytes: original.bytes.length }));
  const large = await fetchBytes(page, `${hrefs[1]}/preview/0`);
  check("the picture itself is drawn anew", large.status === 200 && large.type === "image/jpeg" && large.bytes[0] === 255, JSON.stringify({ ...large, bytes: large.bytes.length }));
  for (const odd of ["/preview/2", "/preview/-1", "/preview/x", "x"]) {
    const r = await fetchBytes(page, `${hrefs[1]}${odd}`);
    check(`${odd} is not there`, r.status === 404, String(r.status));
  }
  await withAgent(page, () => page.click("#approve"), bureau.pin("reviewer-1"));
  await page.waitForURL(/done=/);
  check("the filing is approved", page.url().includes("done=1"), page.url());
}

async function main() {
  const bureau = await new Bureau(process.argv[2]).start();
  const browser = await openBrowser();
  const shots = screenshotDir("attach");
  try {
    const own = async () => (await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 900 } })).newPage();
    const unit = await own();
    const officer = await own();
    const no = await draft(unit, bureau);
    await add(unit, bureau, no, shots);
    await file(unit, no, bureau, shots);
    await review(officer, no, bureau, shots);
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
