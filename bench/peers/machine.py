# What is the same for every measurement of scripts/bench-peers: the environment of a run, and what is written about the machine.
"""run(command, environment) -> the last JSON object it printed; about(options) -> machine, versions, commit."""
import datetime
import json
import os
import platform
import re
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# Peers at their best: without these, page faults on large outputs cost PyTorch up to 40 %.
TUNED_MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296",
                "MALLOC_TOP_PAD_": "67108864", "THP_MEM_ALLOC_ENABLE": "1",
                "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
# --peer-isa: how each program is held back to an older processor. ONNX Runtime has no such switch (its f32 kernels use AVX-512 at
# most; its int8 kernels would use AMX).
HELD_BACK = {"avx512_bf16": {"RESNET_ISA": "avx512_bf16", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16",
                             "DNNL_MAX_CPU_ISA": "AVX512_CORE_BF16", "MKL_ENABLE_INSTRUCTIONS": "AVX512"},
             "avx512": {"RESNET_ISA": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI",
                        "DNNL_MAX_CPU_ISA": "AVX512_CORE_VNNI", "MKL_ENABLE_INSTRUCTIONS": "AVX512"},
             "avx2": {"RESNET_ISA": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2",
                      "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}}


def environment(options, peer):
    """Of a measured process: the same threads and instruction sets for all, malloc tuned for peers."""
    result = dict(os.environ, OMP_NUM_THREADS=str(options.threads), OMP_WAIT_POLICY="active",
                  **HELD_BACK.get(options.peer_isa, {}))
    if peer:
        result.update(TUNED_MALLOC)
    return result


def run(command, variables):
    """Runs a command and returns the last JSON object it printed. RESNET_BENCH_PREFIX is put before it (`taskset -c 0,1`)."""
    prefix = shlex.split(os.environ.get("RESNET_BENCH_PREFIX", ""))
    done = subprocess.run(prefix + command, capture_output=True, text=True, env=variables, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        sys.exit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return json.loads(lines[-1])


def first_line(command):
    try:
        text = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()
        return text.splitlines()[0] if text else ""
    except (OSError, subprocess.CalledProcessError):
        return ""


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        match = re.search(r"model name\s*:\s*(.*)", info.read())
    return match.group(1).strip() if match else platform.processor()


def about(options, rows):
    versions = {row["program"]: row["version"] for row in rows if row.get("version")}
    return {"date": datetime.date.today().isoformat(), "cpu": cpu_name(), "threads": options.threads,
            "held_back_to": options.peer_isa or "nothing", "kernel": platform.release(),
            "commit": first_line(["git", "describe", "--always", "--dirty"]),
            "versions": {"resnet": first_line([options.program, "--version"]), **versions},
            "command": " ".join(["scripts/bench-peers", *sys.argv[1:]])}
