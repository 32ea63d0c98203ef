"""The faults of files of variables, and of the repository that they stand in, by the area that they show in."""

from collections.abc import Mapping

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "variables": {
        "env-file-missing": "production has no file of variables",
        "env-duplicate-variable": "a variable stands in production's file twice",
        "env-missing-variable": "production's file has no REDIS_PASSWORD",
        "env-world-readable": "everybody on the machine may read production's file",
        "env-committed": "staging's file is in the repository",
        "env-in-history": "staging's file was committed, and removed later",
        "env-live-key-in-staging": "staging takes real money: it has the keys of production's Stripe account",
        "env-test-key-in-production": "production takes no money",
        "env-placeholder-secret": "production's SECRET_KEY is changeme, again and again",
        "env-short-secret": "production's SECRET_KEY has 128 bit",
        "env-same-secret": "production signs with staging's SECRET_KEY",
        "env-secret-of-another-name": "the password of staging's Redis is production's SECRET_KEY",
        "env-undefined-name": "production's MONGO_URL refers to a name that its file does not define",
        "env-mongo-without-tls": "production connects to its database without TLS",
        "env-other-stripe-account": "production's publishable key is of another account",
        "env-wrong-webhook-secret": "staging has the webhook's id in place of its secret",
        "env-no-llm-key": "staging's key for the language model is empty",
        "env-not-a-dsn": "production has the address of Sentry's page in place of the DSN",
        "env-weak-redis-password": "staging's Redis has a word for a password",
    },
    "accounts": {
        "env-same-database": "staging works on production's database",
        "env-database-as-another-user": "staging works on production's database, as another user",
        "env-test-key-of-production": "staging has test keys of production's Stripe account",
        "env-dsn-of-production": "staging reports its errors to production's project",
        "env-database-of-staging": "production works on staging's cluster, as another user",
        "env-dsn-of-staging": "production reports its errors to staging's project",
    },
    "repository": {
        "repository-holds-secret": "production's SECRET_KEY is in a manifest, in base64",
        "repository-secret-in-history": "the password of production's Redis was in a file of notes, once",
        "repository-key-pattern": "a key of AWS is in the code",
    },
    "documents": {
        "document-outdated": "the compose file changed after the documents about it",
        "document-empty": "the troubleshooting guide is a headline",
        "document-not-committed": "the document about the architecture is in one person's work tree only",
        "document-without-command": "the document about turning back by DNS does not name the command",
    },
}
