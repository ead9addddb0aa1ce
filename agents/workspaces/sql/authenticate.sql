SELECT token.*, $is_near AS near
  FROM api_tokens token
 WHERE $usable_token
