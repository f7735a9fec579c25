// The token of this tab, where the viewer looks for it: by the name of the security scheme.
{
  const token = sessionStorage.getItem('market_token');
  const place = 'TryIt_securitySchemeValues';
  if (token) localStorage.setItem(place, JSON.stringify({ bearer: token }));
  else localStorage.removeItem(place);
}
