"""How the site connects to PostgreSQL: which driver the ORM uses, and connections of each driver without the ORM."""
