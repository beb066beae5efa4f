# Measures reading and preparing of photographs beside torchvision's ImageFolder with Pillow, each on the same single core, in
# alternating rounds, and writes results/loader-DATE.md. Run it with the Python of the peers (scripts/bench-peers makes it).
"""Compare the speed of reading pictures with torchvision's."""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile

import machine

CROPS = {"resized": "RandomResizedCrop(224), flip", "center": "Resize(256), CenterCrop(224)"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="folders of photographs, with train/")
    parser.add_argument("--program", default=os.path.join(machine.ROOT, "build/release/resnet"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--out", default=os.path.join(machine.ROOT, "results"))
    return parser.parse_args()


def run(command, options):
    done = subprocess.run(["taskset", "-c", str(options.core), *command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def commands(options, packed):
    """Name -> command, for a crop that is put in."""
    ours = [options.program, "data", "speed", "-j", "1", "--json", "--quiet", "--seconds", str(options.seconds)]
    theirs = [sys.executable, os.path.join(machine.HERE, "torch_loader.py"), "--seconds", str(options.seconds)]
    return {"torchvision": [*theirs, os.path.join(options.data, "train")], "resnet": [*ours, options.data],
            "resnet, packed": [*ours, packed]}


def measure(options, packed):
    speeds, versions = {}, {}
    for number in range(options.rounds):
        for crop in CROPS:
            for name, command in commands(options, packed).items():
                row = run([*command, "--crop", crop], options)
                speeds.setdefault((crop, name), []).append(row["images_per_second"])
                versions[name] = row.get("version", versions.get(name, ""))
                print(f"{number + 1}: {crop}: {name}: {row['images_per_second']:.1f} pictures/s", file=sys.stderr, flush=True)
    return speeds, versions


def page(options, speeds, versions):
    commit = machine.first_line(["git", "describe", "--always", "--dirty"])
    lines = ["# Reading photographs, beside torchvision", "",
             f"Pictures a second on one core ({machine.cpu_name()}), decoded, cropped, normalised and put into batches of 32; "
             f"medians of {options.rounds} alternating rounds of {options.seconds:g} s, lowest and highest in brackets. "
             f"{versions['torchvision']}; resnet at {commit}. Packed: `resnet data pack --size 256` (JPEG, quality 95); "
             "these files are smaller than those that torchvision reads here, so that ratio is of both together.", "",
             f"Command: `bench/peers/loader.py {os.path.basename(os.path.normpath(options.data))}`", "",
             "| pipeline | torchvision | resnet | ratio | resnet, packed | ratio |", "|---|---|---|---|---|---|"]
    for crop, words in CROPS.items():
        cells = [words]
        base = statistics.median(speeds[crop, "torchvision"])
        for name in ("torchvision", "resnet", "resnet, packed"):
            values = speeds[crop, name]
            median = statistics.median(values)
            cells.append(f"{median:.0f} ({min(values):.0f}–{max(values):.0f})")
            if name != "torchvision":
                cells.append(f"**{median / base:.2f}**")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        packed = os.path.join(folder, "packed")
        subprocess.run([options.program, "data", "pack", "--quiet", options.data, packed], check=True)
        speeds, versions = measure(options, packed)
    path = os.path.join(options.out, f"loader-{datetime.date.today().isoformat()}.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(options, speeds, versions))
    print(path)


main()
