"""Both at once, each on a core: `python -m tests.fuzz SECONDS [SEED]`. Ends with 1 when something was found."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz import fuzz_http, fuzz_parse

FINDINGS_SHOWN = 50


def main(seconds: float, seed: int) -> int:
    with ProcessPoolExecutor(2) as processes:
        runs = [processes.submit(each, seconds, seed) for each in (fuzz_parse.run, fuzz_http.run)]
        findings = [finding for one in runs for finding in one.result()]
    for finding in findings[:FINDINGS_SHOWN]:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())))
