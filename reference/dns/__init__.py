"""The reference environment's DNS: the zone above, two authoritative servers, three validating resolvers, one signed zone."""
