"""APIs that others wrote, from PyPI and npm, as their documentation says they are set up: two sound, three insecure."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import servers
from tests.support.ports import free_port

_FASTAPI_USERS = """
import os, uuid
from contextlib import asynccontextmanager

import uvicorn
from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, UUIDIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTableUUID, SQLAlchemyUserDatabase
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

KEY = os.environ["KEY"]
engine = create_async_engine("sqlite+aiosqlite:///./users.db")
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase): ...
class User(SQLAlchemyBaseUserTableUUID, Base): ...
class Create(schemas.BaseUserCreate): ...
class Read(schemas.BaseUser[uuid.UUID]): ...
class Update(schemas.BaseUserUpdate): ...


class Manager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    reset_password_token_secret = verification_token_secret = KEY


async def database():
    async with sessions() as session:
        yield SQLAlchemyUserDatabase(session, User)


async def manager(users=Depends(database)):
    yield Manager(users)


@asynccontextmanager
async def life(app):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


strategy = lambda: JWTStrategy(secret=KEY, lifetime_seconds=3600)
backend = AuthenticationBackend("jwt", BearerTransport(tokenUrl="auth/jwt/login"), strategy)
users = FastAPIUsers[User, uuid.UUID](manager, [backend])
app = FastAPI(lifespan=life)
app.include_router(users.get_auth_router(backend), prefix="/auth/jwt")
app.include_router(users.get_register_router(Read, Create), prefix="/auth")
app.include_router(users.get_users_router(Read, Update), prefix="/users")
uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
"""
_SIMPLE_JWT = """
import os, secrets
from datetime import timedelta
from pathlib import Path

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
plain = serialization.NoEncryption()
private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()
spki = serialization.PublicFormat.SubjectPublicKeyInfo
public = key.public_key().public_bytes(serialization.Encoding.PEM, spki).decode()
Path("public.pem").write_text(public)
jwt = "rest_framework_simplejwt.authentication.JWTAuthentication"
settings.configure(
    SECRET_KEY=secrets.token_hex(32), ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "drf_spectacular"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "users.sqlite3"}},
    DATA_UPLOAD_MAX_MEMORY_SIZE=65536,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [jwt],
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_THROTTLE_RATES": {"login": "25/minute"},
        "NUM_PROXIES": int(os.environ["PROXIES"]) if os.environ["PROXIES"] else None,
    },
    SIMPLE_JWT={
        "ALGORITHM": "RS256", "SIGNING_KEY": private, "VERIFYING_KEY": public,
        "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    },
)
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework import generics, permissions, serializers
from rest_framework.throttling import ScopedRateThrottle
from rest_framework_simplejwt.views import TokenObtainPairView


class Shown(serializers.ModelSerializer):
    class Meta:
        model, fields = User, ["id", "username"]


class Me(generics.RetrieveAPIView):
    serializer_class = Shown

    def get_object(self):
        return self.request.user


class Everybody(generics.ListAPIView):
    serializer_class, queryset, permission_classes = Shown, User.objects.all(), [permissions.IsAdminUser]


class Login(TokenObtainPairView):
    throttle_classes, throttle_scope = [ScopedRateThrottle], "login"


urlpatterns = [
    path("api/token", Login.as_view()), path("api/me", Me.as_view()), path("api/users", Everybody.as_view()),
    path("api/schema", SpectacularAPIView.as_view()),
]
call_command("migrate", verbosity=0)
for name in ("ann", "ben"):
    User.objects.create_user(name, f"{name}@example.com", f"{name}-of-the-laboratory")
User.objects.create_superuser("root", "root@example.com", "root-of-the-laboratory")
call_command("runserver", f"127.0.0.1:{os.environ['PORT']}", use_reloader=False)
"""
_SANIC_JWT = """
import os

from sanic import Sanic
from sanic_jwt import Initialize, exceptions


class User:
    def __init__(self, user_id, username):
        self.user_id, self.username, self.password = user_id, username, f"{username}-of-the-laboratory"

    def to_dict(self):
        return {"user_id": self.user_id, "username": self.username}


users = [User(1, "ann"), User(2, "ben")]


async def authenticate(request):
    asked = request.json.get("username"), request.json.get("password")
    for user in users:
        if (user.username, user.password) == asked:
            return user
    raise exceptions.AuthenticationFailed("User not found or password incorrect.")


async def retrieve_user(request, payload, *args, **kwargs):
    return next((user for user in users if payload and user.user_id == payload["user_id"]), None)


app = Sanic("accounts")
own = {"secret": os.environ["KEY"]} if os.environ["KEY"] else {}
Initialize(app, authenticate=authenticate, retrieve_user=retrieve_user, **own)
app.run(host="127.0.0.1", port=int(os.environ["PORT"]), single_process=True)
"""
_EXPRESS_JWT = """
const crypto = require("crypto"), express = require("express"), fs = require("fs");
const protect = require("express-jwt"), jwt = require("jsonwebtoken");
const spelled = {
  publicKeyEncoding: {type: "spki", format: "pem"}, privateKeyEncoding: {type: "pkcs8", format: "pem"},
};
const {publicKey, privateKey} = crypto.generateKeyPairSync("rsa", {modulusLength: 2048, ...spelled});
fs.writeFileSync("public.pem", publicKey);
const app = express();
app.use(express.json());
app.post("/login", (req, res) => {
  const {username, password} = req.body;
  if (!["ann", "ben"].includes(username) || password !== `${username}-of-the-laboratory`) return res.sendStatus(401);
  res.json({token: jwt.sign({user: username}, privateKey, {algorithm: "RS256", expiresInMinutes: 60})});
});
app.get("/me", protect({secret: Buffer.from(publicKey)}), (req, res) => res.json({user: req.user.user}));
app.listen(process.env.PORT, "127.0.0.1");
"""
_READY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of them: where it comes from, and what it is started with."""

    python: Sequence[str] = ()
    """Packages of PyPI."""
    npm: Sequence[str] = ()
    source: str = ""
    """A Python program; without one, ``command`` starts it."""
    prepare: Sequence[str] = ()
    """A command that is run once before."""
    command: Sequence[str] = ()
    """With the place of ``{port}``; its program lies in the folder of the service, or is one of this machine."""
    files: Mapping[str, str] = field(default_factory=dict)


FASTAPI_USERS = Service(
    python=("fastapi-users[sqlalchemy]==15.0.5", "aiosqlite", "uvicorn", "fastapi"), source=_FASTAPI_USERS
)
SIMPLE_JWT = Service(
    python=("djangorestframework-simplejwt[crypto]==5.5.1", "django<6", "djangorestframework", "drf-spectacular"),
    source=_SIMPLE_JWT,
)
JSON_SERVER_AUTH = Service(
    npm=("json-server@0.17.4", "json-server-auth@2.1.0"),
    command=(
        *("node", "node_modules/json-server/lib/cli/bin.js", "db.json", "-m", "./node_modules/json-server-auth"),
        *("--host", "127.0.0.1", "-p", "{port}"),
    ),
    files={"db.json": '{"users": [], "notes": []}', "package.json": "{}"},
)


SANIC_JWT = Service(python=("sanic-jwt==1.8.0", "sanic==25.12.1"), source=_SANIC_JWT)


def express_jwt(version: str) -> Service:
    """Express with a release of express-jwt from before it was told which algorithms there are (CVE-2015-9235)."""
    return Service(
        npm=("express@4", f"express-jwt@{version}"),
        command=("node", "service.js"),
        files={"service.js": _EXPRESS_JWT, "package.json": "{}"},
    )


@contextmanager
def running(service: Service, place: Path, **environ: str) -> Iterator[int]:
    """Install and start it in a folder; gives its port."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in {"service.py": service.source, **service.files}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    port = free_port()
    if service.python:
        uv = str(Path(sys.executable).with_name("uv"))
        _run([uv, "venv", "--quiet", "--python", sys.executable, "venv"], place)
        _run([uv, "pip", "install", "--quiet", "--python", "venv/bin/python", *service.python], place)
    if service.npm:
        _run(["npm", "install", "--no-audit", "--no-fund", *service.npm], place)
    if service.prepare:
        _run(_command(service.prepare, place, port), place)
    command = _command(service.command or ("venv/bin/python", "service.py"), place, port)
    variables = {"PORT": str(port), **environ}
    with servers.running(command, ports=[port], folder=place, environ=variables, start_seconds=_READY_SECONDS):
        yield port


def _command(words: Sequence[str], place: Path, port: int) -> list[str]:
    program, *options = (word.replace("{port}", str(port)) for word in words)
    own = place / program
    return [str(own) if own.exists() else servers.program(program), *options]


def _run(command: Sequence[str], place: Path) -> None:
    subprocess.run(list(command), cwd=place, check=True, capture_output=True, timeout=300)
