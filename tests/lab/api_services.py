"""APIs that others wrote, from PyPI and npm, as their documentation says they are set up: two sound, one insecure."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab import servers
from tests.support.doubles import closed_port

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
_READY_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One of them: where it comes from, and what it is started with."""

    python: Sequence[str] = ()
    """Packages of PyPI."""
    npm: Sequence[str] = ()
    source: str = ""
    """A Python program; without one, ``command`` starts it."""
    command: Sequence[str] = ()
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
    command=("node", "node_modules/json-server/lib/cli/bin.js", "db.json", "-m", "./node_modules/json-server-auth"),
    files={"db.json": '{"users": [], "notes": []}', "package.json": "{}"},
)


@contextmanager
def running(service: Service, place: Path, **environ: str) -> Iterator[int]:
    """Install and start it in a folder; gives its port."""
    place.mkdir(parents=True, exist_ok=True)
    for name, text in {"service.py": service.source, **service.files}.items():
        (place / name).write_text(text)
    port = closed_port()
    command: Sequence[str] = [*service.command, "--host", "127.0.0.1", "-p", str(port)]
    if service.python:
        uv = str(Path(sys.executable).with_name("uv"))
        _run([uv, "venv", "--quiet", "--python", sys.executable, "venv"], place)
        _run([uv, "pip", "install", "--quiet", "--python", "venv/bin/python", *service.python], place)
        command = [str(place / "venv" / "bin" / "python"), "service.py"]
    if service.npm:
        _run(["npm", "install", "--no-audit", "--no-fund", *service.npm], place)
    variables = {"PORT": str(port), **environ}
    with servers.running(command, ports=[port], folder=place, environ=variables, start_seconds=_READY_SECONDS):
        yield port


def _run(command: Sequence[str], place: Path) -> None:
    subprocess.run(list(command), cwd=place, check=True, capture_output=True, timeout=300)
