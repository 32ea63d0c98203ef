"""The reference environment's DNS: two authoritative servers, three validating resolvers, one signed zone."""
