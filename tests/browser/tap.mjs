// TAP on standard output: one line a check, as it happens.
export const count = { checks: 0, failed: 0 };

export function check(name, ok, detail = "") {
  count.checks += 1;
  if (!ok) count.failed += 1;
  console.log(`${ok ? "ok" : "not ok"} ${count.checks} - ${name}`);
  if (!ok && detail !== "") console.log(`# ${(typeof detail === "string" ? detail : JSON.stringify(detail) ?? String(detail)).slice(0, 4000).replaceAll("\n", "\n# ")}`);
  return Boolean(ok);
}

// The plan, and the exit status.
export function finish() {
  console.log(`1..${count.checks}`);
  process.exit(count.failed ? 1 : 0);
}
