"""Programs that a project needs: its own commands, what runs next to the server, and where its e-mail goes."""
