"""Programs that a trial needs: servers, databases, proxies, and the machine they run on."""
