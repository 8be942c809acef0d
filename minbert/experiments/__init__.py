"""All of a run: arms, grid, cache, stage files, sweeps, single tasks, results, report."""
