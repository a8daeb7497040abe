"""Makers of signals: from git histories, from a work log, from a simulated population.

Each yields records for `oo_profile.transport.signal_file.write_signals`. Import what you need:

- `git_history.HistoryReader`: commits of local repositories as tasks
- `work_log.work_log_signals`: a work log as CSV
- `simulation.simulate`: a made-up population, and the truth it was drawn from
- `tasks.task_signals`: the signals of any tasks, with sessions made of runs of work

Nothing is imported here: of these only the simulation needs numpy.
"""

__all__: list[str] = []
