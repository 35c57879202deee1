"""What is due: acts of any feature at a time, kept in one table, and the task that sleeps until the earliest."""
