"""Sentences by which hosters say that nobody has claimed a name with them: whoever does next will own it.

Taken from what these hosters answer; EdOverflow/can-i-take-over-xyz keeps the public list.
"""

from collections.abc import Mapping

_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "Agile CRM": ("Sorry, this page is no longer available.",),
    "Amazon S3": ("NoSuchBucket", "The specified bucket does not exist"),
    "Azure": ("404 Web Site not found", "This Azure App Service is not available"),
    "Bitbucket": ("Repository not found",),
    "Campaign Monitor": ("Trying to access your account?",),
    "Canny": ("There is no such company. Did you enter the right URL?",),
    "Cargo Collective": ("If you're moving your domain away from Cargo",),
    "Fastly": ("Fastly error: unknown domain",),
    "Firebase": ("Why am I seeing this?</h2><p>There are a few potential reasons",),
    "Fly.io": ("404 Not Found: this app does not exist on fly.io",),
    "Ghost": ("Domain error</h1>", "The thing you were looking for is no longer here"),
    "GitBook": ("If you need specifics, here's the error",),
    "GitHub Pages": ("There isn't a GitHub Pages site here.",),
    "GitLab Pages": ("The page you're looking for could not be found (404)",),
    "HatenaBlog": ("404 Blog is not found",),
    "Help Juice": ("We could not find what you're looking for.",),
    "Help Scout": ("No settings were found for this company:",),
    "Heroku": ("no-such-app.html", "<title>No such app</title>", "There's nothing here, yet."),
    "Intercom": ("Uh oh. That page doesn't exist.",),
    "Kinsta": ("No Site For Domain",),
    "LaunchRock": ("It looks like you may have taken a wrong turn somewhere. Don't worry",),
    "Netlify": ("Not Found - Request ID:", "Site not found</h1>"),
    "Ngrok": ("ERR_NGROK_3200", ".ngrok.io not found"),
    "Pantheon": ("404 error unknown site!", "The gods are wise, but do not know of the site which you seek."),
    "Pingdom": ("Sorry, couldn't find the status page",),
    "Railway": ("The train has not arrived at the station",),
    "Read the Docs": ("is unknown to Read the Docs", "The link you have followed or the URL that you entered does not"),
    "Readme.io": ("The creators of this project are still working on making everything perfect!",),
    "Shopify": ("Sorry, this shop is currently unavailable", "Only one step left!"),
    "SmartJobBoard": ("This job board website is either expired or its domain name is invalid.",),
    "Squarespace": ("No Such Account", "This domain is parked, courtesy of Squarespace"),
    "Strikingly": ("But if you're looking to build your own website",),
    "Surge": ("project not found",),
    "SurveySparrow": ("Account not found.",),
    "Tumblr": ("Whatever you were looking for doesn't currently exist at this address",),
    "Unbounce": ("The requested URL was not found on this server.</p><hr>",),
    "UptimeRobot": ('page not found</title><meta name="uptimerobot"',),
    "UserVoice": ("This UserVoice subdomain is currently available!",),
    "Vercel": ("DEPLOYMENT_NOT_FOUND", "The deployment could not be found on Vercel."),
    "Webflow": ("The page you are looking for doesn't exist or has been moved.</p>",),
    "Wix": ("Error ConnectYourDomain occurred", "Looks Like This Domain Isn't Connected To A Website Yet"),
    "WordPress.com": ("Do you want to register",),
    "Worksites": ("Hello! Sorry, but the website you&rsquo;re looking for doesn&rsquo;t exist.",),
    "Zendesk": ("Help Center Closed",),
}


def unclaimed_at(status: int | None, body: str) -> str:
    """The hoster whose sentence stands in the reply, or nothing. Only an error says that nobody is served."""
    if status is None or status < 400:  # noqa: PLR2004 - the first status of an error
        return ""
    return next((hoster for hoster, sentences in _SENTENCES.items() if any(text in body for text in sentences)), "")
