"""TAP on standard output: one line a check, as it happens."""
import sys

count = [0, 0]  # checks, failures


def check(name, condition, detail=""):
    count[0] += 1
    if not condition:
        count[1] += 1
    print(f"{'ok' if condition else 'not ok'} {count[0]} - {name}" + (f"  # {detail}" if detail and not condition else ""))
    sys.stdout.flush()
    return bool(condition)
