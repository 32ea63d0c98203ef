"""A client's first hour: registers with a beta code, completes the profile, searches, asks the assistant, tells us."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import above, at_least, at_most, equal, so, there
from gonogo.base.durations import format_duration
from smoke.people import WorkMe

_COUNTED = timedelta(seconds=2)
_PHONE = "+5511999990000"


@pytest.mark.check("client-code-required")
def test_nobody_registers_without_the_beta_code(walk: WorkMe) -> None:
    """Without the code the beta is open to all, and its fifty seats go to strangers.

    Fix: compare the code that /api/auth/register was sent with the active one, before anything is written.
    """
    walk.register(walk.person("intruder"), "client", code="not-the-code").refuses(400, 401, 403, 422)


@pytest.mark.check("client-registers")
def test_client_registers_with_the_beta_code(walk: WorkMe) -> None:
    """Every invited tester registers first.

    Fix: activate the beta code, check whether all seats are taken, and read the service's log of this request.
    """
    client = walk.keep["client"] = walk.person("client")
    before = walk.http.metric("workme_registrations_total", result="accepted")
    client.id = walk.register(client, "client").document(201).text("id")
    user = walk.mongodb.stored("users", email=client.email)
    assert there(user, "user in MongoDB"), f"{client.email} registered, but is not in MongoDB"
    assert so(client.password not in str(user), "password", "not stored as typed", "stored as typed"), (
        "the password is stored in plain text"
    )
    # Each instance behind a balancer counts for itself: the one that registered may not be the first to answer.
    counted = walk.until(lambda: walk.http.metric("workme_registrations_total", result="accepted") > before, _COUNTED)
    assert so(counted, "counter of registrations", "counts", "stands still"), (
        f"workme_registrations_total is still at {before:g}, although somebody just registered"
    )


@pytest.mark.check("client-registers-once")
def test_an_address_has_one_account(walk: WorkMe) -> None:
    """Two accounts for one address share a password reset, and nobody knows whose bookings are whose.

    Fix: put a unique index on users.email, and answer 409 when it refuses.
    """
    walk.register(walk.keep["client"], "client").refuses(409)


@pytest.mark.check("client-welcome-mail")
def test_welcome_mail_arrives(walk: WorkMe) -> None:
    """Users who get no mail think that the registration failed, and register again.

    Fix: look at the service's connection to the mail relay, at its login, and at the relay's queue.
    """
    client, delivery = walk.keep["client"], walk.mail.delivery
    arrived = walk.until(lambda: walk.mail.received(client.email, "Welcome"), delivery)
    assert so(arrived, f"welcome mail, within {format_duration(delivery)}", "arrived", "missing"), walk.waited(
        f"no welcome mail reached {client.email}", delivery
    )


@pytest.mark.check("client-wrong-password")
def test_wrong_password_is_refused(walk: WorkMe) -> None:
    """If any password opens an account, it belongs to everybody.

    Fix: verify the stored hash, and answer 401 if it does not match.
    """
    walk.log_in(walk.keep["client"], password="not-the-password").refuses(401, 403)  # noqa: S106 - that is the point


@pytest.mark.check("client-logs-in")
def test_client_logs_in(walk: WorkMe) -> None:
    """Users who cannot log in cannot use anything.

    Fix: read the service's log of this request; look at the password hashing, and at SECRET_KEY.
    """
    client = walk.keep["client"]
    client.token = walk.log_in(client).document(200).text("access_token")
    email = client.get("/api/profile").document(200).text("email")
    assert equal(email, client.email, "user of the token"), f"the token of {client.email} is accepted as {email}"
    walk.stranger.get("/api/profile").refuses(401, 403)


@pytest.mark.check("client-completes-profile")
def test_client_completes_the_profile(walk: WorkMe) -> None:
    """Professionals decide by the profile; a profile that is not saved loses the booking.

    Fix: PUT /api/profile must store what it answers with; read it back as the same user.
    """
    client = walk.keep["client"]
    client.put("/api/profile", name=client.name, phone=_PHONE, city="São Paulo").document(200)
    client.put("/api/profile", name={"$ne": None}, phone=_PHONE, city="São Paulo").refuses(400, 422)
    profile = client.get("/api/profile").document(200)
    assert equal(profile.text("phone"), _PHONE, "phone in the profile"), (
        f"the phone number was not kept: {profile.said}"
    )
    user = walk.mongodb.stored("users", email=client.email) or {}
    assert equal(user.get("phone"), _PHONE, "phone in MongoDB"), "the profile reads back, and is not in MongoDB"


@pytest.mark.check("client-searches")
def test_client_finds_what_was_just_offered(walk: WorkMe) -> None:
    """A professional who cannot be found earns nothing, and leaves.

    Fix: drop cached searches when a service is offered; look at the index on city and category.
    """
    client, professional = walk.keep["client"], walk.join("offering", "professional")
    # The answer "nothing" is cached from now on, and must not outlive the offer.
    client.get("/api/services", city=walk.world.mark).documents(200)
    offer = {"title": f"Garden {walk.world.mark}", "category": "garden", "city": walk.world.mark, "price_cents": 5000}
    service = professional.post("/api/services", **offer).document(201)
    walk.keep["service"] = service.text("id")
    listings = client.get("/api/services", city=walk.world.mark).documents(200)
    ids = [listing.text("id") for listing in listings]
    assert so(walk.keep["service"] in ids, "service offered a moment ago", "found", "not found"), (
        f"a service offered a moment ago is not found; the search gave {len(ids)}"
    )


@pytest.mark.check("client-search-empty")
def test_search_filters_by_city(walk: WorkMe) -> None:
    """A user who sees gardeners in another state does not search again.

    Fix: GET /api/services?city=… must filter by city.
    """
    listings = walk.keep["client"].get("/api/services", city=f"{walk.world.mark}-elsewhere").documents(200)
    assert at_most(len(listings), 0, "services in a city that does not exist"), (
        f"{len(listings)} services are offered in a city that does not exist"
    )


@pytest.mark.check("client-search-cached")
def test_second_search_comes_from_redis(walk: WorkMe) -> None:
    """The search is the busiest page: without its cache, the database fails first on launch day.

    Fix: keep each answer in Redis under a key with a lifetime (SET … EX), and read it from there first.
    """
    client, service, mark = walk.keep["client"], walk.keep["service"], walk.world.mark
    before = client.get("/api/services", city=mark).documents(200)[0].text("title")
    # Behind the service's back: only a cached answer still tells the old title.
    walk.mongodb.change("services", service, title=f"Renamed {mark}")
    cached = client.get("/api/services", city=mark).documents(200)[0].text("title")
    assert so(cached == before, "second search", "from the cache", "from MongoDB"), (
        "a search repeated at once was answered by MongoDB, not from the cache"
    )
    keys = walk.redis.lifetimes(walk.settings.search_cache)
    assert at_least(len(keys), 1, "keys of the search in Redis"), (
        "the repeated search was not answered by MongoDB, but Redis has no key of it"
    )
    walk.redis.forget(list(keys))
    fresh = client.get("/api/services", city=mark).documents(200)[0].text("title")
    assert so(fresh != before, "search without its key", "from MongoDB", "still cached"), (
        "without its key in Redis the search still gives the old answer: it is cached elsewhere"
    )


@pytest.mark.check("client-search-expires")
def test_cached_search_expires(walk: WorkMe) -> None:
    """A cached search that lives for ever shows last month's prices, and fills the memory.

    Fix: give the key its lifetime in the same command: SET … EX seconds.
    """
    most = walk.settings.search_lifetime.total_seconds()
    lifetimes = walk.redis.lifetimes(walk.settings.search_cache)
    assert at_least(len(lifetimes), 1, "keys of the search in Redis"), "no key of the search is in Redis"
    for key, seconds in lifetimes.items():
        assert so(seconds >= 0, "keys of the search", "expire", f"{key} never expires"), f"{key} never expires"
        assert at_most(seconds, most, "lifetime of a cached search", "s"), (
            f"{key} lives for {seconds} s; at most {most:g} s are declared"
        )


@pytest.mark.check("client-assistant")
def test_assistant_answers(walk: WorkMe) -> None:
    """The assistant is on the first screen of the app; an error there, or an excuse for one, is the first impression.

    Fix: look at EMERGENT_LLM_KEY and its quota, and at what the service logs about the language model.
    """
    client = walk.keep["client"]
    questions = ("Which professional repairs a dripping tap?", "Who paints the ceiling of a kitchen?")
    replies = [client.post("/api/ai/suggest", question=question).document(200) for question in questions]
    for reply in replies:
        assert above(len(reply.text("reply")), 1, "characters of the assistant's answer"), (
            f"the assistant's answer is empty: {reply.said}"
        )
    apart = replies[0].text("reply") != replies[1].text("reply")
    assert so(apart, "answers to two questions", "two", "the same words"), (
        f"the assistant answers two questions with the same words, as one does whose model fails: {replies[0].said}"
    )


@pytest.mark.check("client-feedback")
def test_feedback_is_stored_and_readable(walk: WorkMe) -> None:
    """Feedback is the purpose of a beta; lost feedback makes the beta useless.

    Fix: POST /api/feedback must store it, and GET /api/beta/feedback must show it to the administrator.
    """
    text = f"Feedback {walk.world.mark}"
    given = walk.keep["client"].post("/api/feedback", score=5, text=text).document(201)
    listed = walk.admin.get("/api/beta/feedback").documents(200)
    seen = text in [feedback.text("text") for feedback in listed]
    assert so(seen, "feedback, to the administrator", "shown", "not shown"), (
        f"feedback {given.text('id')} is not shown to the administrator"
    )
