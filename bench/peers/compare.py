# Runs this program and PyTorch side by side, alternately for several rounds on the same machine and threads, and writes the
# medians, spreads and ratios as a table (.md) and every single measurement as a row (.json). Called by scripts/bench-peers.
"""Compare training speed and memory with PyTorch's."""
import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CASES = [   # model, batch, steps a measurement, steps a measurement with --quick
    ("cifar-resnet20", 128, 100, 3),
    ("resnet50", 32, 8, 1),
]
# PyTorch at its best: without these, page faults on large outputs cost it up to 40 %.
TUNED_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296",
                "MALLOC_TOP_PAD_": "67108864", "THP_MEM_ALLOC_ENABLE": "1",
                "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        match = re.search(r"model name\s*:\s*(.*)", info.read())
    return match.group(1).strip() if match else platform.processor()


def last_json(command, extra_environment):
    """Runs a command and returns the last JSON object it printed."""
    environment = dict(os.environ, OMP_NUM_THREADS=extra_environment.pop("threads"), **extra_environment)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return json.loads(lines[-1])


def run_product(options, case, dtype, steps):
    model, batch = case[:2]
    command = [options.program, "bench", "--model", model, "--mode", "train", "-b", str(batch), "--dtype", dtype,
               "--threads", str(options.threads), "--steps", str(steps), "--json"]
    if model.startswith("cifar"):   # with the data pipeline, as on the other side
        command += ["--data", options.data or "synthetic:train=50000,val=1000"]
    row = last_json(command, {"threads": str(options.threads)})
    return {"program": "resnet.cpp", "mode": "bench", **row, "model": model, "dtype": dtype, "batch": batch,
            "step_ms_p50": row.get("latency_ms_p50"), "command": " ".join(["resnet", *command[1:]])}


def run_pytorch(options, case, dtype, steps, compiled):
    model, batch = case[:2]
    command = [sys.executable, os.path.join(HERE, "pytorch_train.py"), "--model", model, "--batch", str(batch),
               "--dtype", dtype, "--threads", str(options.threads), "--steps", str(steps)]
    if options.data:
        command += ["--data", options.data]
    if compiled:
        command.append("--compile")
    row = last_json(command, {"threads": str(options.threads), **TUNED_MALLOC})
    return {**row, "command": " ".join(["python", "bench/peers/pytorch_train.py", *command[2:]])}


def measure(options):
    rows = []
    for number in range(options.rounds):
        for case in CASES:
            if options.model and case[0] != options.model:
                continue
            steps = case[3] if options.quick else case[2]
            for dtype in options.dtypes.split(","):
                runs = [lambda: run_product(options, case, dtype, steps),
                        lambda: run_pytorch(options, case, dtype, steps, False),
                        lambda: run_pytorch(options, case, dtype, steps, True)]
                for run in runs[number % 3:] + runs[:number % 3]:   # no one is always first
                    row = {"round": number + 1, **run()}
                    print(f"{row['program']:10} {row['model']} {dtype} {row['mode']}: "
                          f"{row['images_per_second']:.1f} img/s", file=sys.stderr, flush=True)
                    rows.append(row)
    return rows


def spread(rows, key, scale):
    values = [row[key] / scale for row in rows if row.get(key)]
    if not values:
        return None, "–"
    middle = statistics.median(values)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    return middle, f"{middle:.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def table(rows):
    """Markdown: one line a case, PyTorch's best mode chosen by its median."""
    lines = ["| training | resnet.cpp, img/s | PyTorch's best, img/s | its mode | speed ratio | resnet.cpp, peak MB "
             "| PyTorch, peak MB | memory ratio |", "|---|---|---|---|---|---|---|---|"]
    cases = list(dict.fromkeys((row["model"], row["batch"], row["dtype"]) for row in rows))
    for case in cases:
        group = [row for row in rows if (row["model"], row["batch"], row["dtype"]) == case]
        ours = [row for row in group if row["program"] == "resnet.cpp"]
        modes = {mode: [row for row in group if row["program"] == "pytorch" and row["mode"] == mode]
                 for mode in dict.fromkeys(row["mode"] for row in group if row["program"] == "pytorch")}
        best = max(modes, key=lambda mode: spread(modes[mode], "images_per_second", 1)[0])
        speed, speed_text = spread(ours, "images_per_second", 1)
        peer, peer_text = spread(modes[best], "images_per_second", 1)
        memory, memory_text = spread(ours, "peak_memory_bytes", 1e6)
        peer_memory, peer_memory_text = spread(modes[best], "peak_memory_bytes", 1e6)
        memory_ratio = f"{memory / peer_memory:.2f}" if memory and peer_memory else "–"
        lines.append(f"| {case[0]}, batch {case[1]}, {case[2]} | {speed_text} | {peer_text} | {best} "
                     f"| **{speed / peer:.2f}** | {memory_text} | {peer_memory_text} | {memory_ratio} |")
    return "\n".join(lines)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=os.path.join(ROOT, "build/release/resnet"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--dtypes", default="bf16,f32")
    parser.add_argument("--model", default="", help="one of the cases only")
    parser.add_argument("--data", default="", help="folder with CIFAR-10's binary files, for both sides")
    parser.add_argument("--quick", action="store_true", help="a few steps: to see whether it works, not to measure")
    parser.add_argument("--output-dir", default=os.path.join(ROOT, "results"))
    return parser.parse_args()


def main():
    options = parse()
    rows = measure(options)
    cpu, date = cpu_name(), datetime.date.today().isoformat()
    about = {"date": date, "cpu": cpu, "threads": options.threads, "kernel": platform.release(),
             "commit": first_line(["git", "describe", "--always", "--dirty"]),
             "versions": {"resnet": first_line([options.program, "--version"]),
                          "pytorch": next(row["version"] for row in rows if row["program"] == "pytorch")}}
    name = re.sub(r"[^A-Za-z0-9]+", "-", cpu).strip("-").lower()
    path = os.path.join(options.output_dir, f"peers-{name}-{date}")
    os.makedirs(options.output_dir, exist_ok=True)
    with open(path + ".json", "w", encoding="utf-8") as out:
        json.dump({**about, "rows": rows}, out, indent=1)
        out.write("\n")
    text = (f"# Training beside PyTorch {about['versions']['pytorch']}\n\n{cpu}, {options.threads} threads, {date}, commit "
            f"{about['commit']}. Median (least–most) of {options.rounds} alternating rounds; PyTorch channels-last, eager and "
            "compiled, with tuned malloc and huge pages; cifar-resnet20 with its data pipeline on both sides.\n"
            f"Command: `{' '.join(['scripts/bench-peers', *sys.argv[1:]])}`\n\n{table(rows)}\n")
    with open(path + ".md", "w", encoding="utf-8") as out:
        out.write(text)
    print(text)


if __name__ == "__main__":
    main()
