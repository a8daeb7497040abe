"""What people look at: pages about users, features, data quality and the system; and alerts."""
