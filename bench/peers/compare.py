# Runs this program and its peers side by side, alternately for several rounds on the same machine and threads, and writes the
# medians, spreads and ratios as a table (.md) and every single measurement as a row (.json). Called by scripts/bench-peers.
"""Compare speed and memory with the peers'."""
import argparse
import json
import os
import re
import subprocess
import sys

import cases
import machine
import table


def say(text):
    print(text, file=sys.stderr, flush=True)


def knows_int8(program):
    text = subprocess.run([program, "bench", "--help"], capture_output=True, text=True, check=False).stdout
    return "int8" in text


def shown(word):
    """A word of a command as it stands in the table of results: no machine's own paths."""
    if word == sys.executable:
        return "python"
    root = os.environ["RESNET_PEERS_CACHE"]
    if word.startswith(root):
        return "CACHE" + word[len(root):]
    return os.path.relpath(word, machine.ROOT) if os.path.isabs(word) else word


def measure_one(run, options, number):
    row = machine.run(run.command, machine.environment(options, not run.ours))
    case = run.case
    row.update(program=run.program, mode=run.mode, round=number, kind=case.kind, model=case.model, batch=case.batch,
               dtype=case.dtype, command=" ".join(shown(word) for word in run.command))
    if not run.ours:
        row["version"] = row.get("version") or VERSIONS.get(run.program, "")
    speed = f"{row['images_per_second']:.1f} img/s" if "images_per_second" in row else f"{row['start_ms_p50']:.1f} ms"
    latency = f", p50 {row['latency_ms_p50']:.2f} ms" if row.get("latency_ms_p50") else ""
    say(f"{number}: {case}: {run.program}, {run.mode}: {speed}{latency}")
    return row


VERSIONS = {}   # of peers, as their preparation says


def prepare(runs, options):
    """Exports, quantises and fills the peers' caches, in processes that are not measured."""
    for run in runs:
        if not run.prepare:
            continue
        done = subprocess.run(run.prepare, capture_output=True, text=True, check=False,
                              env=machine.environment(options, False))
        if done.returncode:
            sys.exit(f"{' '.join(run.prepare)}: exit code {done.returncode}\n{done.stderr[-4000:]}")
        for line in done.stdout.splitlines():
            if line.startswith('{"version"'):
                VERSIONS[run.program] = json.loads(line)["version"]


def worth_repeating(runs, rows, case):
    """After the first round: ours, and of every peer the mode with the highest throughput and the one with the lowest latency."""
    rows = [row for row in rows if table.key(row) == table.case_key(case)]
    keep = set()
    for program in {row["program"] for row in rows}:
        own = [row for row in rows if row["program"] == program]
        keep.add((program, max(own, key=lambda row: row.get("images_per_second", 0))["mode"]))
        timed = [row for row in own if row.get("latency_ms_p50")]
        if case.batch == 1 and timed:
            keep.add((program, min(timed, key=lambda row: row["latency_ms_p50"])["mode"]))
    return [run for run in runs if run.ours or (run.program, run.mode) in keep]


def measure(options, save):
    rows = []
    plan = {case: cases.runs(case, options) for case in cases.cases(options)}
    skipped = []
    for case in [case for case in plan if case.dtype == "int8" and not knows_int8(options.program)]:
        skipped.append(f"{case}: resnet.cpp skipped, for `resnet bench` does not know int8")
        plan[case] = [run for run in plan[case] if not run.ours]
    for line in skipped:
        say(line)
    for case, runs in plan.items():
        prepare(runs, options)
    for number in range(1, options.rounds + 1):
        for case, runs in plan.items():
            turn = (number - 1) % max(1, len(runs))   # no one is always first
            for run in runs[turn:] + runs[:turn]:
                rows.append(measure_one(run, options, number))
                save(rows, skipped)
            if number == 1 and not options.all_modes:
                plan[case] = worth_repeating(runs, rows, case)
    return rows, skipped


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=os.path.join(machine.ROOT, "build/release/resnet"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="TRAIN, INFER, COLD, or several with commas (default: all)")
    parser.add_argument("--dtypes", default="bf16,f32,int8")
    parser.add_argument("--model", default="", help="these models only, with commas")
    parser.add_argument("--batch", type=int, nargs="*", help="these batch sizes only")
    parser.add_argument("--seconds", type=float, default=5, help="of a measurement of inference; training takes twice that")
    parser.add_argument("--data", default="", help="folder with CIFAR-10's binary files, for both sides")
    parser.add_argument("--all-modes", action="store_true",
                        help="every mode of the peers in every round (default: after the first round only their best)")
    parser.add_argument("--no-compile", action="store_true", help="leave out PyTorch's compiler, which takes minutes")
    parser.add_argument("--peer-isa", default="", choices=["", *machine.HELD_BACK],
                        help="hold everybody back to a processor of this kind")
    parser.add_argument("--quick", action="store_true", help="short runs: to see whether it works, not to measure")
    parser.add_argument("--output-dir", default=os.path.join(machine.ROOT, "results"))
    return parser.parse_args()


def main():
    options = parse()
    os.environ.setdefault("RESNET_PEERS_CACHE", os.path.join(machine.ROOT, "build/peers/cache"))
    parts = [machine.cpu_name(), options.only, options.peer_isa and "as " + options.peer_isa]
    name = re.sub(r"[^A-Za-z0-9]+", "-", " ".join(part for part in parts if part)).strip("-").lower()

    def save(rows, skipped):
        about = machine.about(options, rows)
        path = os.path.join(options.output_dir, f"peers-{name}-{about['date']}")
        os.makedirs(options.output_dir, exist_ok=True)
        with open(path + ".json", "w", encoding="utf-8") as out:
            json.dump({**about, "skipped": skipped, "rows": rows}, out, indent=1)
            out.write("\n")
        text = table.page(about, rows, skipped)
        with open(path + ".md", "w", encoding="utf-8") as out:
            out.write(text)
        return text

    print(save(*measure(options, save)))


if __name__ == "__main__":
    main()
