"""What was measured, as a table and as records."""

import os
import platform
import statistics


def median(values):
    values = list(values)
    return statistics.median(values) if values else None


def bytes_in_words(count):
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def best_of_others(rows, measure):
    others = [row[measure] for tool, row in rows.items() if tool not in ("s4", "find")]
    return min(others, default=None)


def show(results):
    """Prints a table for each step, and why a tool is missing in it."""
    steps = dict.fromkeys((result["work"], result["step"]) for result in results if "step" in result)
    for work, step in steps:
        rows = {}
        for result in results:
            if (result["work"], result.get("step")) == (work, step):
                rows.setdefault(result["tool"], []).append(result)
        rows = {tool: summary(several) for tool, several in rows.items()}
        print(f"\n{work}: {step}")
        print(f"  {'':14} {'wall s':>8} {'CPU s':>8} {'MiB':>6} {'write':>7} {'list':>6} {'read':>7} {'delete':>6} {'sent':>8} {'received':>9} {'US$':>9}")
        for tool, row in rows.items():
            print(
                f"  {tool:14} {row['wall']:8.3f} {row['cpu']:8.3f} {row['mib']:6.0f} {row['write']:7.0f} {row['list']:6.0f} {row['read']:7.0f} "
                f"{row['delete']:6.0f} {bytes_in_words(row['up']):>8} {bytes_in_words(row['down']):>9} {row['usd']:9.6f}"
            )
        if "s4" in rows and len(rows) > 1 and best_of_others(rows, "wall"):
            ratios = {measure: rows["s4"][measure] / (best_of_others(rows, measure) or 1) for measure in ("wall", "cpu", "mib", "usd")}
            print(f"  {'s4 / best':14} {ratios['wall']:8.2f} {ratios['cpu']:8.2f} {ratios['mib']:6.2f} {'':>56} {ratios['usd']:9.2f}")
    for result in results:
        if "failed" in result:
            print(f"\n{result['work']}: {result['tool']} is left out: {result['failed']}")


def summary(several):
    row = {measure: median(result[measure] for result in several) for measure in ("wall", "cpu", "mib", "up", "down", "usd")}
    return row | {kind: median(result["requests"][kind] for result in several) for kind in ("write", "list", "read", "delete")}


def records(results, options):
    """Everything, with what it was measured on."""
    machine = {"system": platform.platform(), "cores": os.cpu_count(), "load": os.getloadavg()}
    return {"machine": machine, "options": {name: str(value) for name, value in vars(options).items()}, "results": results}
