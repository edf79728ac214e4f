"""Who is tried next. Policies are generators: no socket, task, clock or log here."""
