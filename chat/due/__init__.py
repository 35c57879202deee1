"""Due items: acts of any feature, each at its time, in one table, and the task that sleeps until the earliest."""
