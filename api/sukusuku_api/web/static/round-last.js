// Begin with the round that was opened last on this phone.
const last = localStorage.getItem("sukusuku-last");
if (last) location.replace(last);
