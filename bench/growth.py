# How cost grows with the batch, the depth and the threads: runs `resnet bench`, draws the curves as SVG and writes
# docs/performance.md with its tables. Needs Python's standard library only.
# usage: python3 bench/growth.py [--program build/release/resnet] [--seconds S] [--quick]
"""Measure img/s, memory and times to the first step, and write docs/performance.md."""
import argparse
import datetime
import json
import math
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCS = os.path.join(ROOT, "docs")
BATCHES = {("cifar-resnet20", "train"): (16, 32, 64, 128, 256, 512), ("resnet50", "train"): (4, 8, 16, 32),
           ("resnet50", "infer"): (1, 2, 4, 8, 16, 32)}
DEPTHS = (20, 32, 44, 56, 110, 1202)
DEPTH_BATCH = 32
THREADS = {("cifar-resnet20", "train", 128), ("resnet50", "train", 16), ("resnet50", "infer", 16), ("resnet18", "infer", 1)}
PLANS = [("resnet18", "infer", 1), ("resnet50", "infer", 1), ("resnet152", "infer", 1), ("resnet50", "train", 32),
         ("resnet152", "train", 8), ("cifar-resnet20", "train", 128), ("cifar-resnet1202", "train", 8)]
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def bench(options, model, mode, batch, threads=0, steps=0):
    command = [options.program, "bench", "--model", model, "--mode", mode, "-b", str(batch), "--json", "--quiet"]
    command += ["--threads", str(threads)] if threads else []
    command += ["--steps", str(steps)] if steps else ["--seconds", f"{options.seconds:g}"]
    prefix = shlex.split(os.environ.get("RESNET_BENCH_PREFIX", ""))
    done = subprocess.run(prefix + command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    row = json.loads(done.stdout.splitlines()[-1])
    print(f"{model} {mode} batch {batch}: {row['images_per_second']:.1f} img/s, {row['peak_memory_bytes'] / 1e6:.0f} MB, "
          f"compiled in {row['compile_ms']:.0f} ms, {row['threads']} threads", file=sys.stderr, flush=True)
    return row


def text(x, y, words, anchor="middle", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{words}</text>'


def log_ticks(low, high):
    """Round numbers on a logarithmic axis: 1, 2, 5 times powers of ten, or the powers alone where that would be too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [m * 10.0 ** p for p in powers for m in (1, 2, 5) if low <= m * 10.0 ** p <= high]
    return ticks if len(ticks) <= 7 else [t for t in ticks if f"{t:e}"[0] == "1"]


def short(value):
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def chart(title, x_label, y_label, series):
    """One SVG, both axes logarithmic; series: {label: [(x, y)]}."""
    width, height, left, right, top, bottom = 420, 300, 58, 16, 34, 46
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    x_low, x_high, y_low, y_high = min(xs), max(xs), min(ys) / 1.3, max(ys) * 1.3

    def at_x(x):
        return left + (width - left - right) * math.log(x / x_low) / math.log(x_high / x_low)

    def at_y(y):
        return height - bottom - (height - top - bottom) * math.log(y / y_low) / math.log(y_high / y_low)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif" font-size="11">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(width / 2, 16, title, extra=' font-size="13" font-weight="bold"'),
             text(left + (width - left - right) / 2, height - 8, x_label),
             text(0, 0, y_label, extra=f' transform="translate(12 {(height - bottom + top) / 2:.0f}) rotate(-90)"')]
    for y in log_ticks(y_low, y_high):
        parts += [f'<line x1="{left}" x2="{width - right}" y1="{at_y(y):.1f}" y2="{at_y(y):.1f}" stroke="#dddddd"/>',
                  text(left - 5, at_y(y) + 4, short(y), "end")]
    for x in sorted(set(xs)):
        parts += [f'<line x1="{at_x(x):.1f}" x2="{at_x(x):.1f}" y1="{height - bottom}" y2="{height - bottom + 4}" stroke="#555555"/>',
                  text(at_x(x), height - bottom + 16, short(x) if x < 1000 else f"{x:g}")]
    parts.append(f'<path d="M{left} {top}V{height - bottom}H{width - right}" fill="none" stroke="#555555"/>')
    for number, (label, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        if len(series) > 1:
            parts.append(text(left + 8 + 120 * number, top - 4, label, "start", f' fill="{colour}"'))
    return "\n".join(parts) + "\n</svg>\n"


def draw(name, title, x_label, series):
    """Two drawings side by side: img/s and memory. series: {label: [(x, row)]}. Returns Markdown."""
    for what, y_label, value in (("speed", "images per second", lambda row: row["images_per_second"]),
                                 ("memory", "peak memory, MB", lambda row: row["peak_memory_bytes"] / 1e6)):
        drawn = {label: [(x, value(row)) for x, row in points] for label, points in series.items()}
        with open(os.path.join(DOCS, f"performance-{name}-{what}.svg"), "w", encoding="utf-8") as out:
            out.write(chart(title, x_label, y_label, drawn))
    return (f"![{title}: images per second](performance-{name}-speed.svg) "
            f"![{title}: memory](performance-{name}-memory.svg)\n")


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def cells(row):
    return [f"{row['images_per_second']:.1f}", f"{row['latency_ms_p50']:.2f}", f"{row['peak_memory_bytes'] / 1e6:.0f}",
            f"{100 * row['roof_share']:.0f} %"]


MEASURES = ["img/s", "a step, ms", "peak memory, MB", "of the roof"]


def by_batch(options):
    page, drawings = "", {}
    for (model, mode), batches in BATCHES.items():
        rows = [(batch, bench(options, model, mode, batch)) for batch in batches[:2] if options.quick] or \
               [(batch, bench(options, model, mode, batch)) for batch in batches]
        drawings[f"{model} {mode}"] = rows
        page += f"\n{model}, {mode}:\n\n" + table(["batch", *MEASURES], [[batch, *cells(row)] for batch, row in rows])
    return "## Batch size\n\n" + draw("batch", "Batch size", "batch", drawings) + page, rows[0][1]


def by_depth(options):
    depths = DEPTHS[:2] if options.quick else DEPTHS
    rows = [(depth, bench(options, f"cifar-resnet{depth}", "train", DEPTH_BATCH)) for depth in depths]
    flops = [row["flops_a_step"] for _, row in rows]
    cost = [f"{row['latency_ms_p50'] / rows[0][1]['latency_ms_p50']:.1f}" for _, row in rows]
    work = [f"{f / flops[0]:.1f}" for f in flops]
    return (f"## Depth\n\nTraining of CIFAR's residual networks, batch {DEPTH_BATCH}.\n\n"
            + draw("depth", "Depth", "layers", {"cifar-resnet": rows}) + "\n"
            + table(["layers", *MEASURES, "time over the first's", "work over the first's"],
                    [[depth, *cells(row), c, w] for (depth, row), c, w in zip(rows, cost, work)]))


def by_threads(options):
    lines = []
    for model, mode, batch in sorted(THREADS):
        rows = [bench(options, model, mode, batch, threads) for threads in range(1, options.threads + 1)]
        lines += [[f"{model} {mode}, batch {batch}", row["threads"], *cells(row),
                   f"{row['images_per_second'] / rows[0]['images_per_second']:.2f}"] for row in rows]
    return "## Threads\n\n" + table(["what", "threads", *MEASURES, "over one thread"], lines)


def first_steps(options):
    lines = []
    for model, mode, batch in PLANS[:2] if options.quick else PLANS:
        first = bench(options, model, mode, batch, steps=1)
        row = bench(options, model, mode, batch, steps=1)
        lines.append([f"{model} {mode}, batch {batch}", f"{first['compile_ms']:.0f}", f"{row['compile_ms']:.0f}",
                      f"{row['first_step_ms']:.0f}", f"{row['latency_ms_p50']:.1f}"])
    return ("## To the first step\n\nCompiling a plan makes its kernels and places its buffers; the first plan for a machine also "
            "measures which kernels are fastest (`choices.txt`), unless plans before it had the same layers. The first step also "
            "packs the weights and touches the memory.\n\n"
            + table(["plan", "first compiled in, ms", "then, ms", "first step, ms", "later steps, ms"], lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/resnet"))
    parser.add_argument("--seconds", type=float, default=3, help="of one measurement")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="the most threads")
    parser.add_argument("--quick", action="store_true", help="the first points only: to see whether it works")
    options = parser.parse_args()
    batch, row = by_batch(options)
    sections = [batch, by_depth(options), by_threads(options), first_steps(options)]
    commit = subprocess.run(["git", "describe", "--always"], capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()
    processor = re.sub(r"\s+", " ", row["processor"])
    machine = f"{processor}, {row['isa']}, {options.threads} threads, {row['dtype']}"
    head = (f"# How cost grows\n\nMade by `python3 bench/growth.py` at commit {commit} on {datetime.date.today().isoformat()}: {machine}. "
            f"Every line is one run of `resnet bench` of {options.seconds:g} s on pictures in memory. A figure depends on its machine: "
            "compare them with each other, and with other programs only from one run of `scripts/bench-peers`. \"Of the roof\" is "
            "explained in [using](using.md#look-inside).\n\n")
    with open(os.path.join(DOCS, "performance.md"), "w", encoding="utf-8") as out:
        out.write(head + "\n".join(sections))


if __name__ == "__main__":
    main()
