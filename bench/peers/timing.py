# The clock that every peer is measured with: warm-up, then steps for a number of seconds, percentiles, and peak memory.
"""measure(step, batch, options) -> the keys that `resnet bench --json` has too."""
import os
import resource
import time


def add_flags(parser, batch):
    """The flags that all peers have."""
    parser.add_argument("--model", default="resnet50")
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--dtype", default="f32")
    parser.add_argument("--mode", default="", help="how the peer is set up; see its MODES")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--warmup", type=float, default=1, help="seconds, and at least three steps, before the clock starts")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--prepare", action="store_true", help="make the files that it reads, and measure nothing")


def percentile(ordered, share):
    """Nearest rank, as in the product."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run_for(step, seconds, least):
    """Times [s] of the steps of about `seconds`, and the seconds in all."""
    times = []
    begin = time.perf_counter()
    while len(times) < least or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times, time.perf_counter() - begin


def describe(program, version, options, pictures, seconds, times):
    """A row; `times` [s] may be empty where steps overlap and none has a time of its own."""
    row = {"program": program, "version": version, "model": options.model, "mode": options.mode, "dtype": options.dtype,
           "batch": options.batch, "threads": options.threads, "images_per_second": round(pictures / seconds, 3),
           "peak_memory_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    ordered = sorted(1e3 * t for t in times)
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
        if ordered:
            row["latency_ms_" + name] = round(percentile(ordered, share), 4)
    return row


def measure(program, version, options, step):
    """Warms up, measures step() and returns the row."""
    step()   # compilers work here, some for minutes
    run_for(step, options.warmup, 2)
    times, seconds = run_for(step, options.seconds, 3)
    return describe(program, version, options, options.batch * len(times), seconds, times)
