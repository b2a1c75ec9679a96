-- Found by `vim.lsp.enable('nginx_wslint')` of Neovim 0.11 and later.
return require('nginx_wslint').client()
