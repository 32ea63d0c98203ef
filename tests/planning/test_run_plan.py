"""The frozen plan of a run, and of its replay."""

from gonogo.planning.run_plan import scopes_by_kind


def test_targets_stand_in_one_order_whoever_asks() -> None:
    """A run knows them as the environment file names them, a replay as they were recorded: a NO-GO names the first."""
    declared = [("variable_file", ("variables", "staging")), ("tls", ("a",)), ("variable_file", ("variables", "live"))]
    recorded = sorted(declared)
    assert scopes_by_kind(declared) == scopes_by_kind(recorded)
    assert scopes_by_kind(declared)["variable_file"] == [("variables", "live"), ("variables", "staging")]
