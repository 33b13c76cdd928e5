new PerformanceObserver((list) => {
  // The front end asks for this when its connection is lost; 401 means that the session has ended.
  const ended = (entry) => entry.responseStatus === 401 && entry.name.includes("/_stcore/host-config");
  if (list.getEntries().some(ended)) location.reload();
}).observe({ type: "resource" });
