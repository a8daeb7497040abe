"""What people look at: pages about users, features and the system, served by `oo admin`."""
