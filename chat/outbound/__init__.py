"""HTTP requests that the server makes: to addresses that were checked, bounded in time and size."""
