"""The decisions of a team: catalogue, checklist, gates, attestations, waivers."""
