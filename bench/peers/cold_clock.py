# The time from the start of a process to the first line that it prints, several times over; the first run only warms the page
# cache. Nothing else is imported here, so that starting the clock costs nothing.
"""cold_clock.py RUNS COMMAND…: one JSON line with start_ms_p50, start_ms_min and the children's peak memory."""
import json
import resource
import statistics
import subprocess
import sys
import time


def start(command):
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
        _, error = process.communicate()
    if process.returncode or not line.strip():
        sys.exit(f"{' '.join(command)}: exit code {process.returncode}\n{error.decode()[-4000:]}")
    return 1e3 * seconds


def main():
    runs, command = int(sys.argv[1]), sys.argv[2:]
    start(command)
    times = [start(command) for _ in range(runs)]
    print(json.dumps({"start_ms_p50": round(statistics.median(times), 2), "start_ms_min": round(min(times), 2),
                      "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}))


if __name__ == "__main__":
    main()
