"""Small Django projects of others, as the lab finds them: made by startproject, with an app, views and a login."""

import sys
import textwrap
from pathlib import Path

from tests.support.programs import BIN, done

MODELS = """
from django.db import models

class Article(models.Model):
    title = models.CharField(max_length=100)
"""
MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [migrations.CreateModel("Article", [
        ("id", models.BigAutoField(primary_key=True, serialize=False)),
        ("title", models.CharField(max_length=100)),
    ])]
"""
COMMAND = """
from django.core.management.base import BaseCommand
from blog.models import Article

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("rows", type=int)

    def handle(self, rows, **options):
        Article.objects.bulk_create(Article(title=f"Article {number}") for number in range(rows))
"""
VIEWS = """
from django.http import HttpResponse, JsonResponse
from blog.models import Article

def articles(request):
    return JsonResponse({"count": Article.objects.count()})

async def async_articles(request):
    return JsonResponse({"count": await Article.objects.acount()})

def article(request, pk):
    return HttpResponse(Article.objects.get(pk=pk).title)
"""
URLS = """
from django.contrib import admin
from django.urls import path
from django.contrib.auth import views as auth
from blog import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("articles/", views.articles, name="articles"),
    path("async/articles/", views.async_articles, name="async-articles"),
    path("articles/<int:pk>/", views.article, name="article"),
]
"""
ENVIRONMENT = """
import os
import dj_database_url
SECRET_KEY = os.environ["SITE_KEY"]
DATABASES = {"default": dj_database_url.parse(os.environ["SITE_DATABASE"])}
ALLOWED_HOSTS = ["127.0.0.1"]
"""


def make_project(folder: Path, settings: str = "") -> Path:
    """Make a project with an app in a folder. settings: added to its settings. Return the folder."""
    code, text = done(BIN / "django-admin", "startproject", "mysite", folder)
    assert code == 0, text
    files = {
        "blog/__init__.py": "",
        "blog/models.py": MODELS,
        "blog/views.py": VIEWS,
        "blog/migrations/__init__.py": "",
        "blog/migrations/0001_initial.py": MIGRATION,
        "blog/management/__init__.py": "",
        "blog/management/commands/__init__.py": "",
        "blog/management/commands/seed.py": COMMAND,
        "mysite/urls.py": URLS,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(content))
    with (folder / "mysite" / "settings.py").open("a") as file:
        file.write(f'\nINSTALLED_APPS += ["blog"]\nSTATIC_ROOT = BASE_DIR / "collected"\n{settings}\n')
    return folder


def project_text(folder: Path, more: str = "", tables: str = "") -> str:
    """Return the text of a project file for it, with SQLite. more: keys of [project]. tables: after it."""
    assert folder.is_absolute()
    return f"""
[project]
python = {sys.executable!r}
settings = "mysite.settings"
database = "sqlite"
prepare = ["python manage.py migrate --verbosity 0", "python manage.py seed 7"]
override.DATABASES.default = {{ ENGINE = "django.db.backends.sqlite3", NAME = "{{db.name}}" }}
{more}

[[view]]
name = "articles"
path = "/articles/"
{tables}
"""


def on_postgresql(text: str) -> str:
    """Return the text of a project file with the lab's PostgreSQL in place of SQLite."""
    server = 'HOST = "{db.host}", PORT = "{db.port}", USER = "{db.user}", PASSWORD = "{db.password}"'
    return (
        text.replace('database = "sqlite"\n', "")
        .replace("backends.sqlite3", "backends.postgresql")
        .replace('NAME = "{db.name}"', f'NAME = "{{db.name}}", {server}')
    )
