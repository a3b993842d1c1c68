"""The page on which staff import bookings, see what is booked, and take an import back."""
