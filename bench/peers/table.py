# The page of scripts/bench-peers: one line a case with medians, spreads and ratios.
"""page(about, rows, skipped) -> Markdown."""
import statistics

KEYS = ("kind", "model", "batch", "dtype")
TITLES = {"TRAIN": "Training", "INFER": "Inference"}


def key(row):
    return tuple(row[k] for k in KEYS)


def case_key(case):
    return tuple(getattr(case, k) for k in KEYS)


def values(rows, name, scale=1):
    return [row[name] / scale for row in rows if row.get(name)]


def spread(rows, name, scale=1):
    """Median, and as text with the least and the most."""
    found = values(rows, name, scale)
    if not found:
        return None, "–"
    middle = statistics.median(found)
    digits = 0 if middle >= 100 else 1 if middle >= 10 else 2
    many = f" ({min(found):.{digits}f}–{max(found):.{digits}f})" if len(found) > 1 else ""
    return middle, f"{middle:.{digits}f}{many}"


def setups(rows, ours=False):
    """{(program, mode): rows} of the peers, or ours."""
    result = {}
    for row in rows:
        if (row["program"] == "resnet.cpp") == ours:
            result.setdefault((row["program"], row["mode"]), []).append(row)
    return result


def best(groups, name, pick):
    """The set-up whose median of `name` is best."""
    found = {setup: spread(rows, name)[0] for setup, rows in groups.items()}
    found = {setup: value for setup, value in found.items() if value}
    return pick(found, key=found.get) if found else None


def others(peers, chosen, name):
    """The best of every other program, in short."""
    names = {}
    for (program, mode), rows in peers.items():
        value = spread(rows, name)[0]
        if value and program != chosen[0] and value > names.get(program, (0, ""))[0]:
            names[program] = (value, mode)
    return ", ".join(f"{program} {value:.1f}" for program, (value, _) in names.items()) or "–"


def ratio(ours, theirs):
    return f"**{ours / theirs:.2f}**" if ours and theirs else "–"


def side_by_side(rows, name, pick):
    """Ours and the peers' best by `name`: (our rows, our mode, their rows, (program, mode)), or None without peers."""
    ours, peers = setups(rows, ours=True), setups(rows)
    mine, theirs = best(ours, name, pick), best(peers, name, pick)
    return theirs and (ours.get(mine, []), mine[1] if mine else "", peers[theirs], theirs)


def speed_line(case, rows):
    found = side_by_side(rows, "images_per_second", max)
    if found is None:
        return None
    ours, mode, theirs, chosen = found
    speed, speed_text = spread(ours, "images_per_second")
    peer, peer_text = spread(theirs, "images_per_second")
    memory, memory_text = spread(ours, "peak_memory_bytes", 1e6)
    peer_memory, peer_memory_text = spread(theirs, "peak_memory_bytes", 1e6)
    return (f"| {case[1]}, batch {case[2]}, {case[3]} | {speed_text}{' in streams' * (mode == 'streams')} | {peer_text} "
            f"| {' '.join(chosen)} | {ratio(speed, peer)} | {others(setups(rows), chosen, 'images_per_second')} "
            f"| {memory_text} | {peer_memory_text} | {ratio(memory, peer_memory)} |")


def latency_line(case, rows):
    found = side_by_side(rows, "latency_ms_p50", min)
    if found is None:
        return None
    ours, _, theirs, chosen = found
    cells = []
    for name in ("latency_ms_p50", "latency_ms_p90", "latency_ms_p99"):
        cells.append(f"{spread(ours, name)[1]} | {spread(theirs, name)[1]}")
    return (f"| {case[1]}, {case[3]} | {' | '.join(cells)} | {' '.join(chosen)} "
            f"| {ratio(spread(theirs, 'latency_ms_p50')[0], spread(ours, 'latency_ms_p50')[0])} |")


def start_line(case, rows):
    ours = [row for row in rows if row["program"] == "resnet.cpp"]
    peers = setups(rows)
    chosen = best(peers, "start_ms_p50", min)
    if chosen is None:
        return None
    all_peers = ", ".join(f"{' '.join(setup)} {spread(group, 'start_ms_p50')[1]}" for setup, group in peers.items())
    return (f"| {case[1]}, {case[3]} | {spread(ours, 'start_ms_p50')[1]} | {all_peers} "
            f"| {ratio(spread(peers[chosen], 'start_ms_p50')[0], spread(ours, 'start_ms_p50')[0])} "
            f"| {spread(ours, 'peak_memory_bytes', 1e6)[1]} | {spread(peers[chosen], 'peak_memory_bytes', 1e6)[1]} |")


def section(title, header, lines):
    lines = [line for line in lines if line]
    columns = header.count("|") - 1
    return f"\n## {title}\n\n{header}\n{'|---' * columns}|\n" + "\n".join(lines) + "\n" if lines else ""


def page(about, rows, skipped):
    rounds = max((row["round"] for row in rows), default=0)
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    held = "" if about["held_back_to"] == "nothing" else f" Everybody held back to {about['held_back_to']}."
    text = (f"# Beside the peers\n\n{about['cpu']}, {about['threads']} threads, {about['date']}, commit {about['commit']}.{held} "
            f"{versions}.\n\nMedian (least–most) of up to {rounds} alternating rounds; every peer in all its modes in the first round "
            "and in its best ones in the others; tuned malloc and huge pages for PyTorch, channels-last.\n"
            f"Command: `{about['command']}`\n")
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    for kind, title in TITLES.items():
        own = {case: group for case, group in groups.items() if case[0] == kind}
        text += section(f"{title}: images per second and peak memory in MB",
                        "| case | resnet.cpp | best peer | which | ratio | others | resnet.cpp MB | its MB | ratio |",
                        [speed_line(case, group) for case, group in own.items()])
    text += section("Latency at batch 1 in milliseconds",
                    "| case | p50 | best peer | p90 | its | p99 | its | which | p50: peer over ours |",
                    [latency_line(case, group) for case, group in groups.items() if case[0] == "INFER" and case[2] == 1])
    text += section("From start to first answer in milliseconds, page cache warm (peers through Python, its imports included)",
                    "| case | resnet.cpp | peers | best peer over ours | resnet.cpp MB | its MB |",
                    [start_line(case, group) for case, group in groups.items() if case[0] == "COLD"])
    if skipped:
        text += "\nSkipped: " + "; ".join(skipped) + ".\n"
    return text
