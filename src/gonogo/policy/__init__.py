"""What a team decides: catalogue, checklist, gates, attestations, waivers."""
