// The token of this tab, where the viewer looks for it: by the name of the security scheme.
{
  const kept = sessionStorage.getItem('market_token');
  const place = 'TryIt_securitySchemeValues';
  if (kept) localStorage.setItem(place, JSON.stringify({ bearer: JSON.parse(kept).token }));
  else localStorage.removeItem(place);
}
