// Shows that something waits for this person in Lintas. The node's text says no more than that: a notice on a
// locked screen is read by whoever stands beside it.
self.addEventListener('push', (event) => {
  const text = event.data ? event.data.text().slice(0, 100) : 'Lintas';
  event.waitUntil(self.registration.showNotification('Lintas', { body: text, tag: 'lintas-casework', icon: '/icon-192.png' }));
});
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then((pages) => {
      const open = pages.find((page) => new URL(page.url).pathname.startsWith('/casework'));
      return open ? open.focus() : self.clients.openWindow('/casework');
    }),
  );
});
